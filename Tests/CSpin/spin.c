#include "CSpin.h"

#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile unsigned turns;

void spin_forever(void) {
  for (;;) turns = turns + 1;
}

void spin_crash(void) { *(volatile int *)16 = 1; }

void spin_abort(void) { abort(); }

void spin_trap(void) { __builtin_trap(); }

static unsigned deeper(volatile unsigned *above) {
  volatile unsigned room[1024];
  room[turns % 1024] = *above + 1;
  return deeper(room) + room[0];
}

void spin_overflow(void) { turns = deeper(&turns); }

void spin_kill(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static sem_t released;
__attribute__((constructor)) static void make_semaphore(void) { sem_init(&released, 0, 0); }
void spin_wait(void) {
  while (sem_wait(&released) != 0) {}
}
void spin_release(void) { sem_post(&released); }
