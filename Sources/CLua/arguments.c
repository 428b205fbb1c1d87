// The two tables a predicate is given, readings and limits: read-only, looked up by place.
#include "library.h"

static int no_field(lua_State *L, MWScope scope) {
  host_of(L)->scope = scope;
  return mw_raise(L, MW_UNKNOWN_NAME, mw_key_text(L, 2));
}

/// The place of the name at index 2 among readings (0) or limits (1); -1 for a name that is none of them.
/// Upvalue 1 has the places. Equal short strings are one object in Lua, and the names live as long as the table, so
/// an address seen before needs no look-up; longer ones are looked up each time.
static inline int place_of(lua_State *L, MWHost *h, int kind) {
  const void *name = lua_topointer(L, 2);
  int slot = (int)((uintptr_t)name >> 4 & 15);
  if (h->found[kind][slot].name == name && name != NULL) return h->found[kind][slot].place;
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNUMBER) return -1;
  int place = (int)lua_tointeger(L, -1);
  if (lua_type(L, 2) == LUA_TSTRING && lua_rawlen(L, 2) <= 40) {
    h->found[kind][slot].name = name;
    h->found[kind][slot].place = place;
  }
  return place;
}

/// Looking at a reading that is not good ends the call.
static int reading_index(lua_State *L) {
  MWHost *h = host_of(L);
  int place = place_of(L, h, 0);
  if (place < 0) return no_field(L, MW_SCOPE_READINGS);
  if (h->limits == NULL) return luaL_error(L, "a reading was looked at outside the call it belongs to");
  const MWReading *r = &h->readings[place];
  switch (r->kind) {
  case MW_NOT_GOOD:
    h->blind = place;
    return mw_raise(L, MW_BLIND, "");
  case MW_FALSE: lua_pushboolean(L, 0); break;
  case MW_TRUE: lua_pushboolean(L, 1); break;
  case MW_NUMBER: lua_pushnumber(L, r->number); break;
  case MW_TEXT: lua_pushlstring(L, r->text, r->length); break;
  }
  return 1;
}

static int limit_index(lua_State *L) {
  MWHost *h = host_of(L);
  int place = place_of(L, h, 1);
  if (place < 0) return no_field(L, MW_SCOPE_LIMITS);
  if (h->limits == NULL) return luaL_error(L, "a limit was looked at outside the call it belongs to");
  lua_pushnumber(L, h->limits[place]);
  return 1;
}

void mw_push_argument(lua_State *L, int readings) {
  int names = lua_gettop(L);
  lua_newtable(L);
  for (lua_Integer i = 1; lua_rawgeti(L, names, i) == LUA_TSTRING; i++) {
    lua_pushinteger(L, i - 1);
    lua_rawset(L, names + 1);
  }
  lua_settop(L, names + 1);
  mw_new_thing(L, KIND_ARGUMENT, 0);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, names + 1);
  lua_pushcclosure(L, readings ? reading_index : limit_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, mw_no_assignment);
  lua_setfield(L, -2, "__newindex");
  lua_pushstring(L, readings ? "asset" : "limits");
  lua_setfield(L, -2, "__name");
  lua_setmetatable(L, -2);
  lua_replace(L, names);
  lua_settop(L, names);
}
