// The string library: patterns by our own matcher, and no text longer than the limit.
#include "library.h"

#include <string.h>

static int string_rep(lua_State *L) {
  size_t length, between;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_Integer n = luaL_checkinteger(L, 2);
  const char *separator = luaL_optlstring(L, 3, "", &between);
  if (n < 1 || length + between == 0) {
    lua_pushliteral(L, "");
    return 1;
  }
  if (n > MW_TEXT_LIMIT || (length + between) * (size_t)n > MW_TEXT_LIMIT) {
    return luaL_error(L, "string.rep would make a text longer than 64 KiB");
  }
  size_t total = length * (size_t)n + between * (size_t)(n - 1);
  mw_charge(L, n + (int64_t)total / 16);
  luaL_Buffer b;
  char *at = luaL_buffinitsize(L, &b, total);
  for (lua_Integer i = 0; i < n; i++) {
    memcpy(at, text, length);
    at += length;
    if (i < n - 1) {
      memcpy(at, separator, between);
      at += between;
    }
  }
  luaL_pushresultsize(&b, total);
  return 1;
}

/// Checks each directive, replaces what has no text of its own by its type, and lets Lua's function (upvalue 1) work.
static int string_format(lua_State *L) {
  size_t length;
  const char *format = luaL_checklstring(L, 1, &length);
  int64_t cost = 8 + (int64_t)length / 4;
  int argument = 1;
  for (const char *at = format, *end = format + length; at < end; at++) {
    if (*at != '%') continue;
    if (++at < end && *at == '%') continue;
    const char *start = at;
    while (at < end && strchr("-+ #0123456789.", *at) != NULL && *at != 0) at++;
    char kind = at < end ? *at : 0;
    if (at - start > 10 || kind == 0 || strchr("sdifgGeExXcq", kind) == NULL) {
      return luaL_error(L, "string.format knows %%s %%d %%i %%f %%g %%e %%x %%c %%q, with a width of at most 99");
    }
    argument++;
    if (kind == 's' || kind == 'q') {
      luaL_checkany(L, argument);
      if (kind == 's') {
        mw_push_tostring(L, argument);
        lua_replace(L, argument);
      }
      if (lua_type(L, argument) == LUA_TSTRING) cost += (int64_t)lua_rawlen(L, argument) / 4;
    }
    cost += 16;
  }
  mw_charge(L, cost);
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

void mw_push_string(lua_State *L) {
  mw_push_library(L, luaopen_string, mw_names(MW_SCOPE_STRING));
  int string = lua_gettop(L) - 1;
  lua_getfield(L, string + 1, "format");
  lua_pushcclosure(L, string_format, 1);
  lua_setfield(L, string, "format");
  mw_set_function(L, string, "rep", string_rep);
  mw_add_patterns(L, string);
  lua_settop(L, string);
  // Replaces the metatable that luaopen_string gave all texts: theirs has arithmetic, and can be written to.
  lua_pushliteral(L, "");
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, string);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}
