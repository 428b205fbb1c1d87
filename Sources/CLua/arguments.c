// The two tables a function is given, readings and limits: read-only, looked up by place.
#include "library.h"

#include <math.h>
#include <string.h>

/// A value that stands for a reading or limit of its own kind.
static void push_kind(lua_State *L, Kind kind, int place, const char *metatable) {
  mw_new_thing(L, kind, 0)->count = place;
  lua_getfield(L, LUA_REGISTRYINDEX, metatable);
  lua_setmetatable(L, -2);
}

static int no_field(lua_State *L, MWScope scope) {
  host_of(L)->scope = scope;
  return mw_raise(L, MW_UNKNOWN_NAME, mw_key_text(L, 2));
}

/// The place of the name at index 2 among readings or limits; -1 for a name that is none of them.
/// Upvalue 1 has the places. Equal short strings are one object in Lua, and the names live as long as the table, so
/// an address seen before needs no look-up; longer ones are looked up each time.
static inline int place_of(lua_State *L, MWFound *found) {
  const void *name = lua_topointer(L, 2);
  MWFound *slot = &found[(uintptr_t)name >> 4 & 15];
  if (slot->name == name && name != NULL) return slot->place;
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNUMBER) return -1;
  int place = (int)lua_tointeger(L, -1);
  if (lua_type(L, 2) == LUA_TSTRING && lua_rawlen(L, 2) <= 40) {
    slot->name = name;
    slot->place = place;
  }
  return place;
}

/// Looking at a reading that is not good ends the call.
static int reading_index(lua_State *L) {
  MWHost *h = host_of(L);
  if (h->set == NULL) return luaL_error(L, "a reading was looked at outside the call it belongs to");
  int place = place_of(L, h->set->found);
  if (place < 0) return no_field(L, MW_SCOPE_READINGS);
  const MWReading *r = &h->set->readings[place];
  switch (r->kind) {
  case MW_ABSENT: lua_pushnil(L); break;
  case MW_GROUP: push_kind(L, KIND_GROUP, place, "mw.group"); break;
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
  if (h->limits == NULL) return luaL_error(L, "a limit was looked at outside the call it belongs to");
  int place = place_of(L, h->found_limits);
  if (place < 0) return no_field(L, MW_SCOPE_LIMITS);
  const MWLimit *limit = &h->limits[place];
  switch (limit->kind) {
  case MW_LIMIT_NUMBER: lua_pushnumber(L, limit->number); break;
  case MW_LIMIT_TEXT: lua_pushlstring(L, limit->text, limit->length); break;
  case MW_LIMIT_CURVE: push_kind(L, KIND_CURVE, place, "mw.curve"); break;
  }
  return 1;
}

// --- groups and curves --------------------------------------------------------------------------------------

static int group_index(lua_State *L) {
  MWHost *h = host_of(L);
  const Thing *group = lua_touserdata(L, 1);
  if (h->set == NULL) return luaL_error(L, "a reading was looked at outside the call it belongs to");
  const MWReading *r = &h->set->readings[group->count];
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  const char *const *known = mw_names(MW_SCOPE_GROUP);
  for (int i = 0; known[i] != NULL; i++) {
    if (strcmp(known[i], name) != 0) continue;
    if (i < MW_GROUP_NUMBERS) lua_pushnumber(L, r->group[i]);
    else lua_pushlstring(L, r->text, r->length);
    return 1;
  }
  return no_field(L, MW_SCOPE_GROUP);
}

/// Straight between neighbours, level beyond the ends; NaN for NaN.
static double value_at(const MWLimit *curve, double x) {
  const double *p = curve->points;
  int last = curve->count - 1;
  if (isnan(x)) return x;
  int right = 0;
  while (right <= last && p[2 * right] < x) right++;
  if (right > last) return p[2 * last + 1];
  if (right == 0) return p[1];
  const double *a = p + 2 * (right - 1), *b = p + 2 * right;
  return a[1] + (b[1] - a[1]) * ((x - a[0]) / (b[0] - a[0]));
}

static int curve_call(lua_State *L) {
  MWHost *h = host_of(L);
  const Thing *curve = lua_touserdata(L, 1);
  if (h->limits == NULL) return luaL_error(L, "a limit was looked at outside the call it belongs to");
  const MWLimit *limit = &h->limits[curve->count];
  if (lua_type(L, 2) != LUA_TNUMBER) {
    return luaL_error(
      L, "a curve is called with a number, as in limits.surge_line(comp.flow); found %s",
      lua_isnoneornil(L, 2) ? "nothing" : mw_type_name(L, 2));
  }
  mw_charge(L, 1 + limit->count / 4);
  lua_pushnumber(L, value_at(limit, lua_tonumber(L, 2)));
  return 1;
}

static int curve_index(lua_State *L) {
  return luaL_error(
    L, "a curve has no '%s'; it is called with a number, as in limits.surge_line(comp.flow)", mw_key_text(L, 2));
}

static void add_kind(lua_State *L, const char *key, const char *name, lua_CFunction index, lua_CFunction call) {
  lua_createtable(L, 0, 4);
  int kind = lua_gettop(L);
  mw_set_function(L, kind, "__index", index);
  mw_set_function(L, kind, "__newindex", mw_no_assignment);
  if (call != NULL) mw_set_function(L, kind, "__call", call);
  lua_pushstring(L, name);
  lua_setfield(L, kind, "__name");
  lua_setfield(L, LUA_REGISTRYINDEX, key);
}

void mw_add_argument_kinds(lua_State *L) {
  add_kind(L, "mw.group", "group of readings", group_index, NULL);
  add_kind(L, "mw.curve", "curve", curve_index, curve_call);
}

// --- the tables ---------------------------------------------------------------------------------------------

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

void mw_push_plain_argument(lua_State *L, int names, int argument) {
  lua_createtable(L, 0, (int)lua_rawlen(L, names));
  for (lua_Integer i = 1; lua_rawgeti(L, names, i) == LUA_TSTRING; i++) {
    lua_pushboolean(L, 0);
    lua_rawset(L, -3);
  }
  lua_pop(L, 1);
  lua_getmetatable(L, argument);
  lua_setmetatable(L, -2);
}
