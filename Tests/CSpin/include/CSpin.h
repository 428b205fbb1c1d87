#ifndef CSPIN_H
#define CSPIN_H

// What no rule can do, for tests to do from inside a rule's call. None of them returns but spin_wait.

/// Uses the processor for ever.
void spin_forever(void);
/// Writes where nothing is mapped: SIGSEGV.
void spin_crash(void);
/// SIGABRT.
void spin_abort(void);
/// An instruction that the processor refuses: SIGILL.
void spin_trap(void);
/// Calls itself until the stack is full: SIGSEGV without a stack to handle it on.
void spin_overflow(void);
/// SIGKILL, as if from outside.
void spin_kill(void);
/// Waits, without using the processor, until another thread calls spin_release.
void spin_wait(void);
void spin_release(void);

#endif
