#define _GNU_SOURCE
#include "host.h"

#include <stdlib.h>
#include <time.h>

// What a state may use of the machine: memory, instructions and processor time.

// --- memory -------------------------------------------------------------------------------------------------

static void hook(lua_State *L, lua_Debug *ar);

static int hook_mask(const MWHost *h) { return h->calls_charged ? LUA_MASKCOUNT | LUA_MASKCALL : LUA_MASKCOUNT; }

void mw_wake(MWHost *h) {
  if (h->hooked) lua_sethook(h->L, hook, hook_mask(h), 1);
}

/// Big blocks cost instructions: a concatenation copies its operands in one instruction, out of the hook's sight.
static void charge_block(MWHost *h, size_t size) {
  if (size < 512 || h->L == NULL || h->granted == 0) return;
  h->budget -= (int64_t)(size / 32);
  h->since_look += (int64_t)(size / 32);
  // The next instruction raises, or looks at the clock.
  if (h->budget < 0 || h->since_look >= h->step) mw_wake(h);
}

/// Notes why a block is refused, and the line, which is lost once the stack is unwound.
static void *refuse(MWHost *h, const char *why) {
  h->refused = why;
  if (h->line == 0 && h->L != NULL) h->line = mw_current_line(h->L, 0);
  return NULL;
}

/// Why Lua may not have a block: a larger one would be gone through in one instruction.
static const char *objection(const MWHost *h, const void *block, size_t old, size_t new, int type) {
  enum { NODE = 24, VALUE = 16 };  // bytes of an entry under a name, and of a value
  if (block == NULL && type == LUA_TSTRING) return new > MW_TEXT_LIMIT + 64 ? "a text longer than 64 KiB" : NULL;
  if (h->unbounded || h->L == NULL || new <= old || (block != NULL && block == h->short_texts)) return NULL;
  // Entries under names come in powers of two; lists grow where they are.
  if (block == NULL && new >= 2 * MW_NAMES_LIMIT * NODE && new % NODE == 0 && (new / NODE & (new / NODE - 1)) == 0) {
    return "a table with more than 2,048 entries under names";
  }
  if (new >= 2 * MW_LIST_LIMIT * VALUE && new % VALUE == 0 && (new / VALUE & (new / VALUE - 1)) == 0) {
    return "a table with a list of more than 4,096 values";
  }
  return NULL;
}

void *mw_realloc(MWHost *h, void *block, size_t old, size_t new) {
  if (new == 0) {
    free(block);
    h->used -= old;
    return NULL;
  }
  if (new > old) {
    if (h->allocations == 0) return NULL;
    if (h->allocations > 0) h->allocations--;
    // Lua collects what is no longer needed and asks once more.
    if (h->used + (new - old) > h->cap || h->times_full > 2 * MW_REFILLS) {
      h->times_full++;
      return refuse(h, NULL);
    }
    charge_block(h, new);
  }
  void *moved = realloc(block, new);
  if (moved == NULL) return new <= old ? block : NULL;  // Lua counts on shrinking
  h->used += new;
  h->used -= old;
  return moved;
}

/// The old block of the stack is about to be freed. A stack that may not grow could only fail, after a whole collection:
/// it grows once more, and the call ends.
static void stack_moved(MWHost *h) {
  enum { VALUE = 16, SPARE = 5 };  // bytes of a value, and values beyond those in use
  h->stack = h->newest_block;
  if (h->newest_size <= (MW_STACK_LIMIT + SPARE) * VALUE || !h->hooked) return;
  h->too_deep = 1;
  mw_wake(h);
}

void *mw_allocator(void *host, void *block, size_t old, size_t new) {
  MWHost *h = host;
  // Without a block, `old` is the type of the object.
  int type = block == NULL ? (int)old : LUA_TNONE;
  if (block == NULL) old = 0;
  if (new > 16384) {
    const char *why = objection(h, block, old, new, type);
    if (why != NULL) return refuse(h, why);
  }
  if (new == 0 && block != NULL && block == h->stack) stack_moved(h);
  void *moved = mw_realloc(h, block, old, new);
  if (block != NULL && block == h->short_texts && moved != NULL) h->short_texts = moved;
  // Of what a new state asks for, only that table has this size.
  if (block == NULL && h->L == NULL && new == 128 * sizeof(void *)) h->short_texts = moved;
  if (block == NULL && type == LUA_TNIL) {
    h->newest_block = moved;
    h->newest_size = new;
  }
  return moved;
}

// --- budget -------------------------------------------------------------------------------------------------

static void expire(lua_State *L, MWHost *h) {
  h->expired = 1;
  lua_sethook(L, hook, LUA_MASKCOUNT, 1);
  mw_raise(L, MW_BUDGET, "");
}

static int64_t now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int first_stride(const MWHost *h) { return h->step >= 10 ? h->step / 10 : 1; }

/// Ends the call that has used its time. A thread has used no more of its processor than time has passed, and asking for
/// that needs no system call.
static void look_at_clock(lua_State *L, MWHost *h) {
  h->since_look = 0;
  if (h->measuring) {
    int64_t stretch = now(CLOCK_THREAD_CPUTIME_ID) - h->last_look;
    if (stretch > h->longest_stretch) h->longest_stretch = stretch;
    h->last_look = now(CLOCK_THREAD_CPUTIME_ID);
  }
  h->stride = h->step;
  if (!h->clocked) return;
  int64_t wall = now(CLOCK_MONOTONIC);
  // A fiftieth of the time since the last look: looking ten times as often, it is not passed by much.
  if (h->cpu_from != 0 && wall - h->wall_last > h->time_limit / 50) h->stride = first_stride(h);
  h->wall_last = wall;
  if (h->cpu_from == 0) {
    h->wall_from = wall;
    h->cpu_from = now(CLOCK_THREAD_CPUTIME_ID);
    return;
  }
  if (wall - h->wall_from < h->time_limit) return;
  h->used_time = now(CLOCK_THREAD_CPUTIME_ID) - h->cpu_from;
  if (h->used_time < h->time_limit) return;
  h->overtime = 1;
  expire(L, h);
}

static inline void spend(lua_State *L, MWHost *h, int64_t n) {
  if (h->too_deep) mw_raise(L, MW_DEPTH, "");
  h->budget -= n;
  h->since_look += n;
  if (h->budget < 0 || h->expired) expire(L, h);
  if (h->since_look >= h->stride) look_at_clock(L, h);
}

/// How many varargs the function at a level was given.
static int varargs(lua_State *L, int level) {
  lua_Debug ar;
  if (!lua_getstack(L, level, &ar)) return 0;
  int none = 0, some = MW_STACK_LIMIT + 1;  // it has as many as `none` at least, and fewer than `some`
  while (some - none > 1) {
    int middle = none + (some - none) / 2;
    if (lua_getlocal(L, &ar, -middle) != NULL) {
      lua_pop(L, 1);
      none = middle;
    } else {
      some = middle;
    }
  }
  return none;
}

static void hook(lua_State *L, lua_Debug *ar) {
  MWHost *h = host_of(L);
  if (ar->event == LUA_HOOKCOUNT) {
    int count = lua_gethookcount(L);
    spend(L, h, count);
    if (count != h->stride) lua_sethook(L, hook, hook_mask(h), h->stride);
  } else {
    spend(L, h, (varargs(L, 0) + varargs(L, 1)) / 16);
  }
}

void mw_charge(lua_State *L, int64_t n) { spend(L, host_of(L), n); }

void mw_grant(MWHost *h, int64_t instructions) {
  h->granted = h->budget = instructions;
  h->clocked = h->time_limit > 0 && (h->place == NULL || !mw_place_unclocked(h->place));
  if (h->measuring) h->last_look = now(CLOCK_THREAD_CPUTIME_ID);
  h->stride = first_stride(h);
  lua_sethook(h->L, hook, hook_mask(h), h->stride);  // restarts the count, too
  h->hooked = 1;
}

void mw_charge_calls(MWHost *h) { h->calls_charged = 1; }

void mw_measure(MWHost *h) { h->measuring = 1; }

int64_t mw_take_longest_stretch(MWHost *h) {
  int64_t longest = h->longest_stretch;
  h->longest_stretch = 0;
  return longest;
}

int64_t mw_time(const MWHost *h) { return h->used_time; }
int64_t mw_instructions(const MWHost *h) { return h->granted - h->budget; }
size_t mw_memory(const MWHost *h) { return h->used; }
