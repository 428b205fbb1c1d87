// Values across the boundary, as bytes: the format is told in CLua.h.
#include "host.h"

#include <stdlib.h>
#include <string.h>

// --- in -----------------------------------------------------------------------------------------------------

typedef struct { const uint8_t *at, *end; } Reader;

static void take(lua_State *L, Reader *r, void *into, size_t count) {
  if ((size_t)(r->end - r->at) < count) luaL_error(L, "the host was given a broken value");
  memcpy(into, r->at, count);
  r->at += count;
}

static uint32_t take_count(lua_State *L, Reader *r) {
  uint8_t b[4];
  take(L, r, b, 4);
  return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void push_text(lua_State *L, Reader *r) {
  uint32_t length = take_count(L, r);
  if ((size_t)(r->end - r->at) < length) luaL_error(L, "the host was given a broken value");
  lua_pushlstring(L, (const char *)r->at, length);
  r->at += length;
}

static void push_next(lua_State *L, Reader *r, int depth) {
  uint8_t tag;
  take(L, r, &tag, 1);
  luaL_checkstack(L, 4, NULL);
  if (depth > MW_DEPTH_LIMIT + 2) luaL_error(L, "values nested deeper than %d", MW_DEPTH_LIMIT);
  switch (tag) {
  case 'n': lua_pushnil(L); break;
  case 't': lua_pushboolean(L, 1); break;
  case 'f': lua_pushboolean(L, 0); break;
  case 'd': {
    double number;
    take(L, r, &number, 8);
    // So that a status or count prints as 200, not 200.0.
    if (number == (double)(int64_t)0 ? !(1 / number < 0) : (number >= -9007199254740992.0 && number <= 9007199254740992.0 && number == (double)(lua_Integer)number)) {
      lua_pushinteger(L, (lua_Integer)number);
    } else {
      lua_pushnumber(L, number);
    }
    break;
  }
  case 's': push_text(L, r); break;
  case 'T': {
    lua_newtable(L);
    uint32_t count = take_count(L, r);
    for (uint32_t i = 1; i <= count; i++) {
      push_next(L, r, depth + 1);
      lua_rawseti(L, -2, i);
    }
    count = take_count(L, r);
    for (uint32_t i = 0; i < count; i++) {
      push_text(L, r);
      push_next(L, r, depth + 1);
      lua_rawset(L, -3);
    }
    break;
  }
  default: luaL_error(L, "the host was given a broken value");
  }
}

void mw_push_value(lua_State *L, const uint8_t *bytes, size_t length) {
  Reader r = {bytes, bytes + length};
  push_next(L, &r, 0);
}

// --- out ----------------------------------------------------------------------------------------------------

static void put(lua_State *L, const void *bytes, size_t length) {
  if (!mw_append(host_of(L), bytes, length)) luaL_error(L, "the value is too large to hand over");
}

static void put_tag(lua_State *L, char tag) { put(L, &tag, 1); }

static void put_count(lua_State *L, size_t n) {
  uint8_t b[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
  put(L, b, 4);
}

static void put_text(lua_State *L, int index) {
  size_t length;
  const char *text = lua_tolstring(L, index, &length);
  put_count(L, length);
  put(L, text, length);
}

static void write_next(lua_State *L, int functions, int depth);

static void write_function(lua_State *L, int functions) {
  if (functions == 0) luaL_error(L, "a function cannot be handed over here");
  if (lua_iscfunction(L, -1)) luaL_error(L, "a function of the library cannot be handed over; wrap it in a function");
  lua_Debug ar;
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &ar);
  lua_Integer number = (lua_Integer)lua_rawlen(L, functions) + 1;
  lua_pushvalue(L, -1);
  lua_rawseti(L, functions, number);
  put_tag(L, 'F');
  put_count(L, (size_t)number);
  put_count(L, (size_t)ar.linedefined);
}

static void write_thing(lua_State *L, int functions, int depth) {
  int index = lua_gettop(L);
  Thing *thing = lua_touserdata(L, index);
  if (thing->kind != KIND_WORD && thing->kind != KIND_VALUE) {
    luaL_error(L, "%s cannot be handed over", mw_type_name(L, index));
  }
  put_tag(L, 'W');
  put_count(L, (size_t)thing->line);
  lua_getiuservalue(L, index, 1);
  put_text(L, -1);
  char called = thing->kind == KIND_VALUE;
  put(L, &called, 1);
  put_count(L, (size_t)thing->count);
  if (called) {
    lua_getiuservalue(L, index, 2);
    int arguments = lua_gettop(L);
    for (int i = 1; i <= thing->count; i++) {
      lua_rawgeti(L, arguments, i);
      write_next(L, functions, depth + 1);
      lua_settop(L, arguments);
    }
  }
  lua_settop(L, index);
}

static void write_table(lua_State *L, int functions, int depth) {
  int table = lua_gettop(L);
  uint32_t count = 0;
  mw_charge(L, 16);
  while (lua_rawgeti(L, table, (lua_Integer)count + 1) != LUA_TNIL) {
    mw_charge(L, 1);
    count++;
    lua_pop(L, 1);
  }
  lua_settop(L, table);
  put_tag(L, 'T');
  put_count(L, count);
  for (uint32_t i = 1; i <= count; i++) {
    lua_rawgeti(L, table, i);
    write_next(L, functions, depth + 1);
    lua_settop(L, table);
  }
  mw_push_sorted_keys(L, table);
  int keys = table + 1;
  lua_Integer total = (lua_Integer)lua_rawlen(L, keys);
  // Numbers come first; all of them must have been in the list.
  put_count(L, (size_t)total - count);
  for (lua_Integer i = (lua_Integer)count + 1; i <= total; i++) {
    if (lua_rawgeti(L, keys, i) != LUA_TSTRING) luaL_error(L, "the keys of a table must be names, or 1, 2, 3 without gaps");
    put_text(L, -1);
    lua_rawget(L, table);
    write_next(L, functions, depth + 1);
    lua_settop(L, keys);
  }
  lua_settop(L, table);
}

/// Writes the value at the top and leaves it there.
static void write_next(lua_State *L, int functions, int depth) {
  if (depth > MW_DEPTH_LIMIT) luaL_error(L, "tables nested deeper than %d, or a table inside itself", MW_DEPTH_LIMIT);
  luaL_checkstack(L, 10, NULL);
  mw_charge(L, 2);
  switch (lua_type(L, -1)) {
  case LUA_TNIL: put_tag(L, 'n'); break;
  case LUA_TBOOLEAN: put_tag(L, lua_toboolean(L, -1) ? 't' : 'f'); break;
  case LUA_TNUMBER: {
    double number = lua_tonumber(L, -1);
    put_tag(L, 'd');
    put(L, &number, 8);
    break;
  }
  case LUA_TSTRING:
    put_tag(L, 's');
    put_text(L, -1);
    break;
  case LUA_TTABLE: write_table(L, functions, depth); break;
  case LUA_TFUNCTION: write_function(L, functions); break;
  case LUA_TUSERDATA: write_thing(L, functions, depth); break;
  default: luaL_error(L, "a %s cannot be handed over", mw_type_name(L, -1));
  }
}

void mw_write_value(lua_State *L, int functions) { write_next(L, functions, 0); }
