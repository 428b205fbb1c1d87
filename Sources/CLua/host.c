#define _GNU_SOURCE
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Its address is the error value for reasons kept in the host: needs no allocation, and no chunk can make it.
static char sentinel;

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
  mw_grant(h, instructions);
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
  lua_State *L = lua_newstate(mw_allocator, h);
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
const char *mw_name(const MWHost *h) { return h->name; }
MWScope mw_scope(const MWHost *h) { return h->scope; }
int mw_blind(const MWHost *h) { return h->blind; }
