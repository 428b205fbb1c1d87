// The functions without a library: what they do in C is charged, and nothing tells an address.
#include "library.h"

#include <string.h>

static int base_type(lua_State *L) {
  luaL_checkany(L, 1);
  int kind = lua_type(L, 1);
  lua_pushstring(L, kind == LUA_TUSERDATA ? mw_type_name(L, 1) : luaL_typename(L, 1));
  return 1;
}

void mw_push_tostring(lua_State *L, int index) {
  switch (lua_type(L, index)) {
  case LUA_TNIL: case LUA_TBOOLEAN: case LUA_TNUMBER: case LUA_TSTRING: luaL_tolstring(L, index, NULL); break;
  case LUA_TUSERDATA: lua_pushstring(L, mw_type_name(L, index)); break;
  default: lua_pushstring(L, luaL_typename(L, index));
  }
}

static int base_tostring(lua_State *L) {
  luaL_checkany(L, 1);
  mw_push_tostring(L, 1);
  return 1;
}

/// A longer text is not taken for a number: to read one takes long, and none means more by it.
enum { NUMERAL_LIMIT = 1024 };

static int base_tonumber(lua_State *L) {
  if (lua_isnoneornil(L, 2)) {
    luaL_checkany(L, 1);
    if (lua_type(L, 1) == LUA_TNUMBER) {
      lua_settop(L, 1);
      return 1;
    }
    size_t length;
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &length) : NULL;
    if (text != NULL) {
      mw_charge(L, (int64_t)length / 8);
      if (length <= NUMERAL_LIMIT && lua_stringtonumber(L, text) == length + 1) return 1;
    }
    lua_pushnil(L);
    return 1;
  }
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_Integer base = luaL_checkinteger(L, 2);
  luaL_argcheck(L, 2 <= base && base <= 36, 2, "base out of range");
  lua_Unsigned number = 0;
  int negative = length > 0 && text[0] == '-';
  size_t i = (size_t)negative;
  int digits = 0;
  for (; i < length; i++) {
    if (i % 256 == 255) mw_charge(L, 32);
    char c = text[i];
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
    if (digit >= base) break;
    number = number * (lua_Unsigned)base + (lua_Unsigned)digit;
    digits++;
  }
  if (digits == 0 || i < length) {
    lua_pushnil(L);
  } else {
    lua_pushinteger(L, (lua_Integer)(negative ? 0u - number : number));
  }
  return 1;
}

static int base_select(lua_State *L) {
  int count = lua_gettop(L);
  mw_charge(L, count / 8);
  if (lua_type(L, 1) == LUA_TSTRING && strcmp(lua_tostring(L, 1), "#") == 0) {
    lua_pushinteger(L, count - 1);
    return 1;
  }
  lua_Integer n = luaL_checkinteger(L, 1);
  if (n < 0) n = count + n;
  else if (n > count) n = count;
  luaL_argcheck(L, 1 <= n, 1, "index out of range");
  return count - (int)n;
}

static int base_error(lua_State *L) {
  if (lua_type(L, 1) != LUA_TSTRING && lua_type(L, 1) != LUA_TNUMBER) {
    return luaL_error(L, "error needs a text, not %s", lua_isnoneornil(L, 1) ? "nil" : mw_type_name(L, 1));
  }
  lua_Integer level = luaL_optinteger(L, 2, 1);
  luaL_where(L, level >= 2 && level < 100 ? (int)level : 1);
  lua_pushvalue(L, 1);
  lua_concat(L, 2);
  return lua_error(L);
}

static int base_assert(lua_State *L) {
  luaL_checkany(L, 1);
  if (lua_toboolean(L, 1)) return lua_gettop(L);
  if (lua_type(L, 2) == LUA_TSTRING) return luaL_error(L, "%s", lua_tostring(L, 2));
  return luaL_error(L, "assertion failed");
}

void mw_add_base(lua_State *L, int env) {
  mw_set_function(L, env, "assert", base_assert);
  mw_set_function(L, env, "error", base_error);
  mw_set_function(L, env, "ipairs", mw_ipairs);
  mw_set_function(L, env, "next", mw_next);
  mw_set_function(L, env, "pairs", mw_pairs);
  mw_set_function(L, env, "select", base_select);
  mw_set_function(L, env, "tonumber", base_tonumber);
  mw_set_function(L, env, "tostring", base_tostring);
  mw_set_function(L, env, "type", base_type);
}
