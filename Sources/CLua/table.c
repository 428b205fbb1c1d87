// The table library: raw lengths, bounded ranges, and a sort that ends whatever the comparator says.
#include "library.h"

static lua_Integer raw_length(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  return (lua_Integer)lua_rawlen(L, 1);
}

static int table_concat(lua_State *L) {
  lua_Integer length = raw_length(L);
  size_t between;
  const char *separator = luaL_optlstring(L, 2, "", &between);
  lua_Integer first = luaL_optinteger(L, 3, 1), last = luaL_optinteger(L, 4, length);
  lua_settop(L, 4);
  if (first <= last && (lua_Unsigned)last - (lua_Unsigned)first >= MW_LIST_LIMIT) {
    return luaL_error(L, "table.concat joins at most %d texts", MW_LIST_LIMIT);
  }
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  size_t total = 0;
  for (lua_Integer i = first; i <= last; i++) {
    int type = lua_rawgeti(L, 1, i);
    if (type != LUA_TSTRING && type != LUA_TNUMBER) {
      return luaL_error(L, "table.concat needs texts or numbers; element %I is %s", i, mw_type_name(L, -1));
    }
    size_t size;
    lua_tolstring(L, -1, &size);
    // Never more in the buffer than a text may have: it grows by doubling.
    total += size;
    if (total > MW_TEXT_LIMIT) return luaL_error(L, "table.concat would make a text longer than 64 KiB");
    mw_charge(L, 1 + (int64_t)(size + between) / 16);
    luaL_addvalue(&b);
    if (i == last) break;  // last may be the greatest integer
    total += between;
    if (total > MW_TEXT_LIMIT) return luaL_error(L, "table.concat would make a text longer than 64 KiB");
    luaL_addlstring(&b, separator, between);
  }
  luaL_pushresult(&b);
  return 1;
}

static int table_insert(lua_State *L) {
  lua_Integer end = raw_length(L) + 1;
  lua_Integer at = end;
  switch (lua_gettop(L)) {
  case 2: break;
  case 3:
    at = luaL_checkinteger(L, 2);
    luaL_argcheck(L, at >= 1 && at <= end, 2, "position out of bounds");
    for (lua_Integer i = end; i > at; i--) {
      if (i % 4 == 0) mw_charge(L, 1);
      lua_rawgeti(L, 1, i - 1);
      lua_rawseti(L, 1, i);
    }
    break;
  default: return luaL_error(L, "wrong number of arguments to 'insert'");
  }
  lua_rawseti(L, 1, at);
  return 0;
}

static int table_remove(lua_State *L) {
  lua_Integer size = raw_length(L);
  lua_Integer at = luaL_optinteger(L, 2, size);
  if (lua_gettop(L) > 1) luaL_argcheck(L, (size == 0 && at == 0) || (at >= 1 && at <= size + 1), 2, "position out of bounds");
  lua_rawgeti(L, 1, at);
  for (; at < size; at++) {
    if (at % 4 == 0) mw_charge(L, 1);
    lua_rawgeti(L, 1, at + 1);
    lua_rawseti(L, 1, at);
  }
  if (at <= size) {
    lua_pushnil(L);
    lua_rawseti(L, 1, at);
  }
  return 1;
}

static int table_unpack(lua_State *L) {
  lua_Integer length = raw_length(L);
  lua_Integer first = luaL_optinteger(L, 2, 1), last = luaL_optinteger(L, 3, length);
  if (first > last) return 0;
  lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)first;
  if (count >= MW_LIST_LIMIT || !lua_checkstack(L, (int)count + 1)) {
    return luaL_error(L, "table.unpack gives at most %d values", MW_LIST_LIMIT);
  }
  mw_charge(L, (int64_t)count + 1);
  for (lua_Unsigned i = 0; i <= count; i++) lua_rawgeti(L, 1, (lua_Integer)((lua_Unsigned)first + i));
  return (int)count + 1;
}

/// Whether the value on top goes before the one below; takes both. The comparator is at index 2, or nil.
static int before(lua_State *L) {
  int result;
  mw_charge(L, 4);
  if (lua_isnil(L, 2)) {
    int a = lua_type(L, -1), b = lua_type(L, -2);
    if (a != b || (a != LUA_TNUMBER && a != LUA_TSTRING)) {
      luaL_error(L, "table.sort cannot compare %s with %s", mw_type_name(L, -1), mw_type_name(L, -2));
    }
    if (a == LUA_TSTRING) mw_charge(L, (int64_t)lua_rawlen(L, -1) / 8);
    result = lua_compare(L, -1, -2, LUA_OPLT);
    lua_pop(L, 2);
  } else {
    lua_insert(L, -2);
    lua_pushvalue(L, 2);
    lua_insert(L, -3);
    lua_insert(L, -2);
    lua_call(L, 2, 1);
    result = lua_toboolean(L, -1);
    lua_pop(L, 1);
  }
  return result;
}

/// Merge sort on copies: stable, so the order is the same everywhere, and it ends whatever the comparator says.
static int table_sort(lua_State *L) {
  lua_Integer n = raw_length(L);
  if (n > MW_LIST_LIMIT) return luaL_error(L, "table.sort sorts at most %d elements", MW_LIST_LIMIT);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_createtable(L, (int)n, 0);
  mw_charge(L, n / 8 + 1);
  lua_createtable(L, (int)n, 0);
  mw_charge(L, n / 8 + 1);
  int from = 3, to = 4;
  for (lua_Integer i = 1; i <= n; i++) {
    mw_charge(L, 1);
    lua_rawgeti(L, 1, i);
    lua_rawseti(L, from, i);
  }
  for (lua_Integer width = 1; width < n; width *= 2) {
    for (lua_Integer start = 1; start <= n; start += 2 * width) {
      lua_Integer middle = start + width <= n + 1 ? start + width : n + 1;
      lua_Integer end = start + 2 * width <= n + 1 ? start + 2 * width : n + 1;
      lua_Integer left = start, right = middle;
      for (lua_Integer i = start; i < end; i++) {
        mw_charge(L, 1);
        int take_right = 0;
        if (left >= middle) {
          take_right = 1;
        } else if (right < end) {
          lua_rawgeti(L, from, left);
          lua_rawgeti(L, from, right);
          take_right = before(L);
        }
        lua_rawgeti(L, from, take_right ? right++ : left++);
        lua_rawseti(L, to, i);
      }
    }
    int swap = from;
    from = to;
    to = swap;
  }
  for (lua_Integer i = 1; i <= n; i++) {
    mw_charge(L, 1);
    lua_rawgeti(L, from, i);
    lua_rawseti(L, 1, i);
  }
  return 0;
}

void mw_push_table(lua_State *L) {
  lua_newtable(L);
  int table = lua_gettop(L);
  mw_set_function(L, table, "concat", table_concat);
  mw_set_function(L, table, "insert", table_insert);
  mw_set_function(L, table, "remove", table_remove);
  mw_set_function(L, table, "sort", table_sort);
  mw_set_function(L, table, "unpack", table_unpack);
}
