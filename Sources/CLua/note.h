// The note's inside, shared by the files of this target only.
#ifndef MW_NOTE_INSIDE_H
#define MW_NOTE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdalign.h>

#include "MWNote.h"

/// One cache line for each thread, so that none slows another down. Only its own thread writes `call`, `caller`, `asset`.
struct MWPlace {
  alignas(64) _Atomic uint64_t call;  // odd while a call is under way
  _Atomic uint32_t caller, asset;
  _Atomic uint32_t phase, ending;
  _Atomic uint64_t lasting;  // the newest call that the watchdog found at work for a tenth of its limit
  _Atomic int32_t thread;    // 0: free; -1: left by an earlier process
  int32_t clock;             // of the thread's processor time
  _Atomic uint32_t unclocked;  // calls are not bounded in time
};
_Static_assert(sizeof(struct MWPlace) == 64, "the file's layout");

/// What the watchdog knows of a place from its look before.
typedef struct { uint64_t call; int64_t used; } MWSeen;

struct MWNote {
  uint8_t *map;
  size_t length;
  struct MWPlace *places;
  uint32_t count, rules, callers, assets;
  const uint32_t *names;
  // The watchdog.
  pthread_t watchdog;
  int watching, stopping;
  int64_t limit;
  MWSeen *seen;
  _Atomic uint64_t looks;
  pthread_mutex_t lock;
  pthread_cond_t changed;
};

/// One line on standard error that names what the place was calling; safe in a signal handler.
void mw_note_tell(const MWNote *note, const struct MWPlace *place, const char *event, int64_t number, const char *what);

// Nothing but stores: a call costs two nanoseconds more. A process that dies leaves in the file what it stored.
static inline void mw_place_enter(struct MWPlace *place, uint32_t caller) {
  if (place == NULL) return;
  atomic_store_explicit(&place->caller, caller, memory_order_relaxed);
  uint64_t call = atomic_load_explicit(&place->call, memory_order_relaxed);
  atomic_store_explicit(&place->call, call + 1, memory_order_release);
  atomic_signal_fence(memory_order_seq_cst);
}
static inline void mw_place_leave(struct MWPlace *place) {
  if (place == NULL) return;
  atomic_signal_fence(memory_order_seq_cst);
  uint64_t call = atomic_load_explicit(&place->call, memory_order_relaxed);
  atomic_store_explicit(&place->call, call + 1, memory_order_release);
}

#endif
