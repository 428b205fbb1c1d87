// A library to be loaded before a program (LD_PRELOAD) that makes its disk fail as disks do.
//
// POWERLOSS_FILES    absolute path; files whose paths begin with it are watched, save SQLite's -shm (it is mapped)
// POWERLOSS_LOG      where each change of a watched file is recorded, in order, as a `record` and its bytes
// POWERLOSS_CONTROL  a file of one `control`, mapped: a test changes it while the program runs
//
// The records outlive `kill -9`. With them a test can make what the disk would have held had the power failed at any
// of them: what was not synced vanishes, whole or in part.
#ifndef POWER_LOSS_H
#define POWER_LOSS_H

#include <stdint.h>

// What a record says; `a` and `b` depend on it.
enum power_loss_kind {
  POWER_LOSS_OPENED = 'O',     // b is 1 when that made it; its path follows
  POWER_LOSS_WRITTEN = 'W',    // at offset a; the bytes follow
  POWER_LOSS_TRUNCATED = 'T',  // to length a
  POWER_LOSS_SYNCED = 'S',
  POWER_LOSS_FOLDER_SYNCED = 'D',
  POWER_LOSS_UNLINKED = 'U',
  POWER_LOSS_RENAMED = 'R',    // its new path follows
  POWER_LOSS_NOTE = 'N',       // what the program wrote into POWERLOSS_FILES + ".notes"; it is not on the disk
};

struct power_loss_record {
  uint32_t kind;
  uint32_t file;    // a number for each file, not used again when its name is
  uint64_t a, b;
  uint64_t length;  // bytes that follow
};

// What may be counted, to be ended at.
enum power_loss_call {
  POWER_LOSS_WRITE = 1,   // before a write to a watched file
  POWER_LOSS_SYNC,        // before a sync of one
  POWER_LOSS_SYNC_DONE,   // after it: a commit is on disk, and nobody knows yet
  POWER_LOSS_POST,        // before an HTTP request is sent
  POWER_LOSS_POST_DONE,   // after it
  POWER_LOSS_PUBACK,      // before an MQTT PUBACK is sent
  POWER_LOSS_CALLS,
};

struct power_loss_control {
  int32_t write_error;  // errno of every write to a watched file; 0 is none
  int32_t sync_error;   // errno of the next `sync_errors` syncs of one
  int32_t sync_errors;
  int32_t deaf;         // not 0: syncs are neither done nor recorded, and said to be done
  int32_t call;         // the process is killed at this call,
  int32_t countdown;    // the so-manieth
  int32_t counts[POWER_LOSS_CALLS];  // how many there were
};

#endif
