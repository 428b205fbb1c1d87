// Ends the process when one call does not end. Nothing else can: a count hook is never reached by a call that is lost
// in C, and a thread cannot be ended without the locks and memory that it holds.
#define _GNU_SOURCE
#include "note.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_PERIOD = 200000000 };

static int64_t nanoseconds(struct timespec t) { return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec; }

static void end(MWNote *note, struct MWPlace *place) {
  atomic_store(&place->ending, MW_OVERRAN);
  mw_note_tell(note, place, "ended by the watchdog", 0, "one call took longer than a call may; the engine has to be started again");
  _exit(70);
}

/// How much of the processor what is in hand has used since the watchdog first saw it: up to one period less than it did.
static void look_at_hand(struct MWPlace *place, MWSeen *seen, uint64_t hand, int64_t now) {
  uint64_t key = mw_hand_key((MWWork)atomic_load(&place->work), hand, place->deadline);
  if (seen->hand != key) {
    seen->hand = key;
    seen->hand_used = now;
  }
  // In this order, so that a process that ends between the two leaves too little and not too much.
  atomic_store(&place->used_of, 0);
  atomic_store(&place->used, now - seen->hand_used);
  atomic_store(&place->used_of, key);
}

static void look(MWNote *note) {
  for (uint32_t i = 0; i < note->count; i++) {
    struct MWPlace *place = &note->places[i];
    MWSeen *seen = &note->seen[i];
    uint64_t call = atomic_load(&place->call), hand = atomic_load(&place->hand);
    struct timespec t;
    bool is_at_work = atomic_load(&place->thread) > 0 && (call % 2 == 1 || hand % 2 == 1);
    if (!is_at_work || clock_gettime(place->clock, &t) != 0) {
      seen->call = 0;
      seen->hand = 0;
      continue;
    }
    if (hand % 2 == 1) look_at_hand(place, seen, hand, nanoseconds(t));
    if (call % 2 == 0) {
      seen->call = 0;
      continue;
    }
    if (seen->call != call) {
      seen->call = call;
      seen->used = nanoseconds(t);
      continue;
    }
    int64_t used = nanoseconds(t) - seen->used;
    if (used >= note->limit / 10) atomic_store(&place->lasting, call);
    if (used >= note->limit) end(note, place);
  }
  atomic_fetch_add(&note->looks, 1);
}

static void *watch(void *given) {
  MWNote *note = given;
  // Often enough for a call's limit, and for two seconds in hand to be told from one.
  int64_t period = note->limit / 10 < LONGEST_PERIOD ? note->limit / 10 : LONGEST_PERIOD;
  if (period < 1000000) period = 1000000;
  pthread_mutex_lock(&note->lock);
  while (!note->stopping) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t next = nanoseconds(t) + period;
    t = (struct timespec){.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000};
    while (!note->stopping && pthread_cond_timedwait(&note->changed, &note->lock, &t) != ETIMEDOUT) {}
    if (!note->stopping) look(note);
  }
  pthread_mutex_unlock(&note->lock);
  return NULL;
}

int mw_note_watch(MWNote *note, int64_t limit) {
  note->limit = limit;
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&note->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&note->lock, NULL);
  // Signals sent to the process are for threads that expect them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int reason = pthread_create(&note->watchdog, NULL, watch, note);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (reason == 0) {
    pthread_setname_np(note->watchdog, "watchdog");
    note->watching = 1;
  }
  return reason;
}

uint64_t mw_note_looks(const MWNote *note) { return atomic_load(&note->looks); }
