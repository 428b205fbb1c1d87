#define _GNU_SOURCE
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Its address is the error value for reasons kept in the host: needs no allocation, and no chunk can make it.
static char sentinel;

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

static void *allocator(void *host, void *block, size_t old, size_t new) {
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

int mw_append(MWHost *h, const void *bytes, size_t length) {
  if (length > MW_OUTPUT_LIMIT - h->out_length) return 0;
  if (h->out_length + length > h->out_room) {
    size_t room = h->out_room == 0 ? 1024 : h->out_room;
    while (room < h->out_length + length) room *= 2;
    void *moved = mw_realloc(h, h->out, h->out_room, room);
    if (moved == NULL) return 0;
    h->out = moved;
    h->out_room = room;
  }
  memcpy(h->out + h->out_length, bytes, length);
  h->out_length += length;
  return 1;
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
/// that is no system call.
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

// --- errors -------------------------------------------------------------------------------------------------

int mw_raise(lua_State *L, MWStatus cause, const char *name) {
  MWHost *h = host_of(L);
  h->cause = cause;
  snprintf(h->name, sizeof h->name, "%s", name);
  lua_pushlightuserdata(L, &sentinel);
  return lua_error(L);
}

int mw_current_line(lua_State *L, int level) {
  lua_Debug ar;
  for (; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "l", &ar);
    if (ar.currentline > 0) return ar.currentline;
  }
  return 0;
}

/// Notes where the error is, which is lost once the stack is unwound. C only, and allocates nothing.
static int handler(lua_State *L) {
  MWHost *h = host_of(L);
  if (h->line == 0) h->line = mw_current_line(L, 1);
  lua_settop(L, 1);
  return 1;
}

static int panic(lua_State *L) {
  const char *what = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "no message";
  fprintf(stderr, "millwright: Lua raised an error outside a protected call: %s\n", what);
  abort();
}

static void set_message(MWHost *h, const char *text, size_t length) {
  // Chunks are named \1, so that "\1:12: cause" cannot be mistaken.
  if (length > 2 && text[0] == '\1' && text[1] == ':') {
    char *end;
    long line = strtol(text + 2, &end, 10);
    if (end[0] == ':' && end[1] == ' ') {
      h->line = (int)line;
      length -= (size_t)(end + 2 - text);
      text = end + 2;
    }
  }
  if (length >= sizeof h->message) {
    length = sizeof h->message - 1;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
  }
  memcpy(h->message, text, length);
  h->message[length] = 0;
}

MWStatus mw_failed(MWHost *h, int rc) {
  lua_State *L = h->L;
  MWStatus status = MW_ERROR;
  if (h->expired || h->budget < 0) {
    status = h->overtime ? MW_TIME : MW_BUDGET;
  } else if (rc == LUA_ERRMEM) {
    status = MW_MEMORY;
    snprintf(h->message, sizeof h->message, "%s", h->refused != NULL ? h->refused : "not enough memory");
  } else if (lua_type(L, -1) == LUA_TLIGHTUSERDATA) {
    status = h->cause;
  } else if (lua_type(L, -1) == LUA_TSTRING) {
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    set_message(h, text, length);
    if (rc == LUA_ERRSYNTAX) status = MW_SYNTAX;
  } else {
    snprintf(h->message, sizeof h->message, "an error without a text");
  }
  lua_settop(L, SLOT_DECLARED);
  return status;
}

_Thread_local MWHost *mw_calling;

int mw_noted_call(MWHost *h, int arguments, int results) {
  mw_place_enter(h->place, h->caller);
  mw_calling = h;
  int rc = lua_pcall(h->L, arguments, results, SLOT_HANDLER);
  mw_calling = NULL;
  mw_place_leave(h->place);
  return rc;
}

int mw_protected_call(MWHost *h, int arguments, int results, int64_t instructions) {
  mw_clear(h);
  h->granted = h->budget = instructions;
  h->clocked = h->time_limit > 0 && (h->place == NULL || !mw_place_unclocked(h->place));
  if (h->measuring) h->last_look = now(CLOCK_THREAD_CPUTIME_ID);
  h->stride = first_stride(h);
  lua_sethook(h->L, hook, hook_mask(h), h->stride);  // restarts the count, too
  h->hooked = 1;
  return mw_noted_call(h, arguments, results);
}

// --- life ---------------------------------------------------------------------------------------------------

static int open_body(lua_State *L) {
  Span *config = lua_touserdata(L, 1);
  mw_push_value(L, config->bytes, config->length);
  lua_replace(L, 1);
  mw_push_environment(L);
  lua_newtable(L);
  return 2;
}

MWHost *mw_open(MWLimits limits, const uint8_t *config, size_t length) {
  MWHost *h = limits.allocations == 0 ? NULL : calloc(1, sizeof *h);
  if (h == NULL) return NULL;
  h->cap = limits.memory;
  h->step = limits.step > 0 ? limits.step : 1000;
  h->time_limit = limits.time;
  h->allocations = limits.allocations > 0 ? limits.allocations - 1 : limits.allocations;
  lua_State *L = lua_newstate(allocator, h);
  if (L == NULL) {
    free(h);
    return NULL;
  }
  h->L = L;
  *(MWHost **)lua_getextraspace(L) = h;
  lua_atpanic(L, panic);
  // Makes the stack grow, so that its block is the newest.
  int has_stack = lua_checkstack(L, 2 * LUA_MINSTACK + 20);
  h->stack = h->newest_block;
  if (!has_stack) {
    mw_close(h);
    return NULL;
  }
  Span span = {config, length};
  lua_pushcfunction(L, handler);
  lua_pushcfunction(L, open_body);
  lua_pushlightuserdata(L, &span);
  h->granted = h->budget = 1000000;
  if (lua_pcall(L, 1, 2, SLOT_HANDLER) != LUA_OK) {
    mw_close(h);
    return NULL;
  }
  // handler, environment, functions -> the slots in their order
  lua_settop(L, SLOT_DECLARED);
  lua_pushvalue(L, 2);
  lua_replace(L, SLOT_ENV);
  lua_pushvalue(L, 3);
  lua_replace(L, SLOT_FUNCTIONS);
  for (int slot = SLOT_READINGS; slot <= SLOT_LIMITS; slot++) {
    lua_pushnil(L);
    lua_replace(L, slot);
  }
  return h;
}

void mw_charge_calls(MWHost *h) { h->calls_charged = 1; }

void mw_measure(MWHost *h) { h->measuring = 1; }

int64_t mw_take_longest_stretch(MWHost *h) {
  int64_t longest = h->longest_stretch;
  h->longest_stretch = 0;
  return longest;
}

void mw_note_calls(MWHost *h, MWPlace *place, uint32_t caller) {
  h->place = place;
  h->caller = caller;
}

static int native(lua_State *L) {
  void (*function)(void);
  memcpy(&function, lua_touserdata(L, lua_upvalueindex(1)), sizeof function);
  function();
  return 0;
}

static int add_body(lua_State *L) {
  // The environment is behind a userdata that only lets itself be read.
  lua_getmetatable(L, 1);
  lua_getfield(L, -1, "__index");
  memcpy(lua_newuserdatauv(L, sizeof(void (*)(void)), 0), lua_touserdata(L, 3), sizeof(void (*)(void)));
  lua_pushcclosure(L, native, 1);
  lua_setfield(L, -2, lua_touserdata(L, 2));
  return 0;
}

MWStatus mw_add_native(MWHost *h, const char *name, void (*function)(void)) {
  lua_State *L = h->L;
  lua_pushcfunction(L, add_body);
  lua_pushvalue(L, SLOT_ENV);
  lua_pushlightuserdata(L, (void *)name);
  lua_pushlightuserdata(L, &function);
  int rc = mw_protected_call(h, 3, 0, 1000000);
  return rc == LUA_OK ? MW_OK : mw_failed(h, rc);
}

size_t mw_close(MWHost *h) {
  if (h == NULL) return 0;
  h->hooked = 0;
  lua_close(h->L);
  h->L = NULL;
  mw_free_sets(h);
  mw_realloc(h, h->out, h->out_room, 0);
  size_t left = h->used;
  free(h);
  return left;
}

// --- loading ------------------------------------------------------------------------------------------------

static int compile_body(lua_State *L) {
  Span *text = lua_touserdata(L, 1);
  int rc = luaL_loadbufferx(L, (const char *)text->bytes, text->length, "=\1", "t");
  if (rc == LUA_ERRMEM) {
    return luaL_error(L, "%s", host_of(L)->refused != NULL ? host_of(L)->refused : "not enough memory");
  }
  if (rc != LUA_OK) {
    host_of(L)->cause = MW_SYNTAX;
    return lua_error(L);
  }
  lua_pushvalue(L, 2);
  lua_setupvalue(L, -2, 1);  // _ENV
  return 1;
}

MWStatus mw_compile(MWHost *h, const char *text, size_t length) {
  lua_State *L = h->L;
  Span span = {(const uint8_t *)text, length};
  lua_pushcfunction(L, compile_body);
  lua_pushlightuserdata(L, &span);
  lua_pushvalue(L, SLOT_ENV);
  h->unbounded = 1;
  int rc = mw_protected_call(h, 2, 1, 5000000);
  h->unbounded = 0;
  if (rc != LUA_OK) {
    h->line = 0;  // what refused a block knows none in a text that is not run
    MWStatus status = mw_failed(h, rc);
    if (status == MW_ERROR && h->cause == MW_SYNTAX) return MW_SYNTAX;
    return status == MW_ERROR ? MW_MEMORY : status;
  }
  lua_replace(L, SLOT_CHUNK);
  return MW_OK;
}

/// Collects every Lua function that the declared ones reach, and refuses what they could keep between calls.
static void reach(lua_State *L) {
  lua_newtable(L);  // the functions, in order
  int list = lua_gettop(L);
  lua_newtable(L);  // those seen
  int seen = list + 1;
  lua_Integer total = 0;
  for (lua_Integer i = 1; lua_rawgeti(L, 2, i) == LUA_TFUNCTION; i++) lua_rawseti(L, list, ++total);
  lua_pop(L, 1);
  for (lua_Integer i = 1; i <= total; i++) {
    mw_charge(L, 1);
    lua_rawgeti(L, list, i);
    lua_pushvalue(L, -1);
    if (lua_iscfunction(L, -1) || lua_rawget(L, seen) != LUA_TNIL) {
      lua_settop(L, seen);
      continue;
    }
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, seen);
    int function = lua_gettop(L);
    const char *name;
    for (int u = 1; (name = lua_getupvalue(L, function, u)) != NULL; u++) {
      int type = lua_type(L, -1);
      Kind kind = type == LUA_TUSERDATA ? ((Thing *)lua_touserdata(L, -1))->kind : KIND_LIBRARY;
      if (type == LUA_TTABLE || kind == KIND_WALK || kind == KIND_SEARCH) {
        lua_Debug ar;
        lua_pushvalue(L, function);
        lua_getinfo(L, ">S", &ar);
        host_of(L)->line = ar.linedefined;
        mw_raise(L, MW_CAPTURED_TABLE, name);
      }
      if (type == LUA_TFUNCTION) {
        lua_rawseti(L, list, ++total);
      } else {
        lua_pop(L, 1);
      }
    }
    lua_settop(L, seen);
  }
  lua_settop(L, list);
}

static int run_body(lua_State *L) {
  MWHost *h = host_of(L);
  lua_pushvalue(L, 1);
  lua_call(L, 0, 0);
  h->loading = 0;
  if (lua_getfield(L, LUA_REGISTRYINDEX, "mw.declared") == LUA_TTABLE) mw_write_value(L, 2);
  lua_settop(L, 2);
  reach(L);
  return 1;
}

MWStatus mw_run(MWHost *h, int64_t instructions) {
  lua_State *L = h->L;
  h->out_length = 0;
  h->loading = 1;
  lua_pushcfunction(L, run_body);
  lua_pushvalue(L, SLOT_CHUNK);
  lua_pushvalue(L, SLOT_FUNCTIONS);
  int rc = mw_protected_call(h, 2, 1, instructions);
  h->loading = 0;
  if (rc != LUA_OK || h->budget < 0) return mw_failed(h, rc);
  lua_replace(L, SLOT_REACHED);
  return MW_OK;
}

int mw_statement_line(const MWHost *h) { return h->statement_line; }

static int writer(lua_State *L, const void *bytes, size_t length, void *host) {
  (void)L;
  return mw_append(host, bytes, length) ? 0 : 1;
}

static int dump_body(lua_State *L) {
  if (lua_dump(L, writer, host_of(L), 0) != 0) return luaL_error(L, "not enough memory");
  return 0;
}

MWStatus mw_dump(MWHost *h, int function) {
  lua_State *L = h->L;
  h->out_length = 0;
  lua_pushcfunction(L, dump_body);
  if (function == 0) {
    lua_pushvalue(L, SLOT_CHUNK);
  } else {
    lua_rawgeti(L, SLOT_REACHED, function);
  }
  if (lua_type(L, -1) != LUA_TFUNCTION) {
    lua_settop(L, SLOT_DECLARED);
    return MW_NO;
  }
  if (lua_iscfunction(L, -1)) {
    lua_settop(L, SLOT_DECLARED);
    return MW_OK;  // nothing written: nothing of the chunk's
  }
  int rc = mw_protected_call(h, 1, 0, 1000000);
  if (rc == LUA_OK) return MW_OK;
  mw_failed(h, rc);
  return MW_MEMORY;
}

// --- answers ------------------------------------------------------------------------------------------------

const uint8_t *mw_output(const MWHost *h, size_t *length) {
  *length = h->out_length;
  return h->out;
}
const char *mw_message(const MWHost *h) { return h->message; }
int mw_line(const MWHost *h) { return h->line; }
int64_t mw_time(const MWHost *h) { return h->used_time; }
const char *mw_name(const MWHost *h) { return h->name; }
MWScope mw_scope(const MWHost *h) { return h->scope; }
int mw_blind(const MWHost *h) { return h->blind; }
int64_t mw_instructions(const MWHost *h) { return h->granted - h->budget; }
size_t mw_memory(const MWHost *h) { return h->used; }
