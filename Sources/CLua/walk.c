// Walking tables in a fixed order: the same in every process.
#include "library.h"

#include <string.h>

typedef struct {
  int rank;  // 0 number, 1 text, 2 boolean
  int is_integer;
  lua_Integer integer;
  lua_Number number;
  const char *text;
  size_t length;
} Key;

/// Charged, for texts by byte.
static int compare_keys(lua_State *L, const Key *x, const Key *y) {
  if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
  if (x->rank == 0) {
    // long double holds every integer and every double exactly on the platforms we run on.
    long double m = x->is_integer ? (long double)x->integer : (long double)x->number;
    long double n = y->is_integer ? (long double)y->integer : (long double)y->number;
    return m < n ? -1 : m > n;
  }
  if (x->rank == 2) return (int)x->integer - (int)y->integer;
  size_t shorter = x->length < y->length ? x->length : y->length;
  mw_charge(L, 1 + (int64_t)shorter / 16);
  int order = memcmp(x->text, y->text, shorter);
  return order != 0 ? order : x->length < y->length ? -1 : x->length > y->length;
}

static Key key_at(lua_State *L, int index) {
  Key key = {0};
  switch (lua_type(L, index)) {
  case LUA_TNUMBER:
    key.is_integer = lua_isinteger(L, index);
    if (key.is_integer) key.integer = lua_tointeger(L, index);
    else key.number = lua_tonumber(L, index);
    break;
  case LUA_TSTRING:
    key.rank = 1;
    key.text = lua_tolstring(L, index, &key.length);
    break;
  case LUA_TBOOLEAN:
    key.rank = 2;
    key.integer = lua_toboolean(L, index);
    break;
  default: luaL_error(L, "a table whose keys are %ss has no fixed order; use names or numbers", mw_type_name(L, index));
  }
  return key;
}

static void push_key(lua_State *L, const Key *key) {
  if (key->rank == 1) lua_pushlstring(L, key->text, key->length);
  else if (key->rank == 2) lua_pushboolean(L, (int)key->integer);
  else if (key->is_integer) lua_pushinteger(L, key->integer);
  else lua_pushnumber(L, key->number);
}

/// Merge sort of `n` keys with room for as many behind them; gives where the sorted ones are. Of our own because qsort
/// could not be left when the budget is used up.
static Key *sort_keys(lua_State *L, Key *keys, size_t n) {
  Key *from = keys, *to = keys + n;
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t start = 0; start < n; start += 2 * width) {
      size_t middle = start + width < n ? start + width : n, end = start + 2 * width < n ? start + 2 * width : n;
      size_t left = start, right = middle;
      for (size_t i = start; i < end; i++) {
        mw_charge(L, 1);
        int take_right = left >= middle || (right < end && compare_keys(L, &from[right], &from[left]) < 0);
        to[i] = from[take_right ? right++ : left++];
      }
    }
    Key *swap = from;
    from = to;
    to = swap;
  }
  return from;
}

void mw_push_sorted_keys(lua_State *L, int table) {
  luaL_checkstack(L, 6, NULL);
  size_t count = 0;
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    lua_pop(L, 1);
    mw_charge(L, 4);
    count++;
  }
  // All keys of a table that the host made may be more than a list may hold.
  int unbounded = host_of(L)->unbounded;
  host_of(L)->unbounded = 1;
  lua_createtable(L, (int)count, 0);
  host_of(L)->unbounded = unbounded;
  if (count == 0) return;
  // The texts stay alive in the table while they are sorted.
  Key *keys = lua_newuserdatauv(L, 2 * count * sizeof(Key), 0);
  size_t n = 0;
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    lua_pop(L, 1);
    mw_charge(L, 1);
    keys[n++] = key_at(L, -1);
  }
  keys = sort_keys(L, keys, n);
  for (size_t i = 0; i < n; i++) {
    mw_charge(L, 1);
    push_key(L, &keys[i]);
    lua_rawseti(L, -3, (lua_Integer)i + 1);
  }
  lua_pop(L, 1);
}

static void check_table(lua_State *L, const char *function) {
  if (lua_type(L, 1) != LUA_TTABLE) {
    int fixed = lua_type(L, 1) == LUA_TUSERDATA;
    luaL_error(
      L, fixed ? "%s cannot walk over what the engine hands in; name its fields" : "%s needs a table, not %s", function,
      mw_type_name(L, 1));
  }
}

/// The walk holds table, keys, and each key's place, so that the step keeps nothing and order never changes.
static int pairs_step(lua_State *L) {
  Thing *walk = lua_touserdata(L, 1);
  if (lua_type(L, 1) != LUA_TUSERDATA || walk->kind != KIND_WALK) return luaL_error(L, "pairs was misused");
  lua_settop(L, 2);
  lua_Integer place = 0;
  lua_getiuservalue(L, 1, 1);  // 3: table
  lua_getiuservalue(L, 1, 2);  // 4: keys
  lua_getiuservalue(L, 1, 3);  // 5: places
  if (!lua_isnil(L, 2)) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, 5) != LUA_TNUMBER) return luaL_error(L, "pairs was misused");
    place = lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  for (;;) {
    mw_charge(L, 1);
    if (lua_rawgeti(L, 4, ++place) == LUA_TNIL) return 1;
    lua_pushvalue(L, -1);
    if (lua_rawget(L, 3) != LUA_TNIL) return 2;
    lua_pop(L, 2);  // removed while walking
  }
}

int mw_pairs(lua_State *L) {
  check_table(L, "pairs");
  lua_settop(L, 1);
  mw_push_sorted_keys(L, 1);
  lua_Integer count = (lua_Integer)lua_rawlen(L, 2);
  lua_createtable(L, 0, (int)count);
  for (lua_Integer i = 1; i <= count; i++) {
    mw_charge(L, 2);
    lua_rawgeti(L, 2, i);
    lua_pushinteger(L, i);
    lua_rawset(L, 3);
  }
  lua_pushcfunction(L, pairs_step);
  mw_new_thing(L, KIND_WALK, 3);
  for (int i = 1; i <= 3; i++) {
    lua_pushvalue(L, i);
    lua_setiuservalue(L, -2, i);
  }
  return 2;
}

int mw_next(lua_State *L) {
  check_table(L, "next");
  lua_settop(L, 2);
  int from_start = lua_isnil(L, 2);
  Key after = {0}, best = {0};
  if (!from_start) after = key_at(L, 2);
  int found = 0;
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    mw_charge(L, 2);
    lua_pop(L, 1);
    Key key = key_at(L, -1);
    if ((from_start || compare_keys(L, &key, &after) > 0) && (!found || compare_keys(L, &key, &best) < 0)) {
      best = key;
      found = 1;
    }
  }
  if (!found) {
    lua_pushnil(L);
    return 1;
  }
  push_key(L, &best);
  lua_pushvalue(L, -1);
  lua_rawget(L, 1);
  return 2;
}

static int ipairs_step(lua_State *L) {
  if (lua_type(L, 1) != LUA_TTABLE) return luaL_error(L, "ipairs was misused");
  lua_Integer i = luaL_checkinteger(L, 2);
  i = (lua_Integer)((lua_Unsigned)i + 1);
  lua_pushinteger(L, i);
  return lua_rawgeti(L, 1, i) == LUA_TNIL ? 1 : 2;
}

int mw_ipairs(lua_State *L) {
  check_table(L, "ipairs");
  lua_pushcfunction(L, ipairs_step);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}
