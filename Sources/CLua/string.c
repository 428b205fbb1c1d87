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
  memcpy(at, text, length);
  memcpy(at + length, separator, n > 1 ? between : 0);
  // What is there is copied behind itself: a single character takes no longer than a long text.
  for (size_t made = length + between; made < total; made *= 2) {
    memcpy(at + made, at, made < total - made ? made : total - made);
  }
  luaL_pushresultsize(&b, total);
  return 1;
}

/// Changes the case of the 26 letters of ASCII from `first` on.
static int change_case(lua_State *L, unsigned char first) {
  size_t length;
  const unsigned char *restrict text = (const unsigned char *)luaL_checklstring(L, 1, &length);
  mw_charge(L, 1 + (int64_t)length / 16);
  luaL_Buffer b;
  unsigned char *restrict made = (unsigned char *)luaL_buffinitsize(L, &b, length);
  const size_t count = length;  // which nothing written through `made` can change
  for (size_t i = 0; i < count; i++) made[i] = text[i] ^ (unsigned char)(((unsigned char)(text[i] - first) < 26) << 5);
  luaL_pushresultsize(&b, length);
  return 1;
}
static int string_upper(lua_State *L) { return change_case(L, 'a'); }
static int string_lower(lua_State *L) { return change_case(L, 'A'); }

/// What string.format takes at most, as a text and as one to quote.
enum { FORMAT_LIMIT = 1024, QUOTE_LIMIT = 512 };

/// Checks each directive, replaces what has no text of its own by its type, and lets Lua's function (upvalue 1) write it:
/// one after the other, because one may take 10 µs.
static int string_format(lua_State *L) {
  size_t length;
  const char *format = luaL_checklstring(L, 1, &length);
  if (length > FORMAT_LIMIT) return luaL_error(L, "string.format takes a text of at most %d characters", FORMAT_LIMIT);
  int argument = 1, given = lua_gettop(L);
  luaL_checkstack(L, 8, NULL);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  const char *from = format;  // what is not written yet
  for (const char *at = format, *end = format + length; at < end; at++) {
    if (*at != '%') continue;
    if (++at < end && *at == '%') continue;
    const char *start = at;
    while (at < end && strchr("-+ #0123456789.", *at) != NULL && *at != 0) at++;
    char kind = at < end ? *at : 0;
    if (at - start > 10 || kind == 0 || strchr("sdifgGeExXcq", kind) == NULL) {
      return luaL_error(L, "string.format knows %%s %%d %%i %%f %%g %%e %%x %%c %%q, with a width of at most 99");
    }
    if (++argument > given) return luaL_error(L, "string.format has more directives than values");
    // A number with all its digits takes 10 µs.
    int64_t cost = (strchr("fgGeE", kind) != NULL ? 100 : 16) + (at - from) / 4;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushlstring(L, from, (size_t)(at + 1 - from));
    if (kind == 's') mw_push_tostring(L, argument); else lua_pushvalue(L, argument);
    if (lua_type(L, -1) == LUA_TSTRING) {
      if (kind == 'q' && lua_rawlen(L, -1) > QUOTE_LIMIT) {
        return luaL_error(L, "string.format quotes texts of at most %d characters", QUOTE_LIMIT);
      }
      cost += kind == 'q' ? (int64_t)lua_rawlen(L, -1) : (int64_t)lua_rawlen(L, -1) / 4;
    }
    mw_charge(L, cost);
    lua_call(L, 2, 1);
    if (luaL_bufflen(&b) + lua_rawlen(L, -1) > MW_TEXT_LIMIT) {
      return luaL_error(L, "string.format would make a text longer than 64 KiB");
    }
    luaL_addvalue(&b);
    from = at + 1;
  }
  // The rest has no directive but %%.
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushlstring(L, from, (size_t)(format + length - from));
  mw_charge(L, 8 + (format + length - from) / 4);
  lua_call(L, 1, 1);
  if (luaL_bufflen(&b) + lua_rawlen(L, -1) > MW_TEXT_LIMIT) {
    return luaL_error(L, "string.format would make a text longer than 64 KiB");
  }
  luaL_addvalue(&b);
  luaL_pushresult(&b);
  return 1;
}

void mw_push_string(lua_State *L) {
  mw_push_library(L, luaopen_string, mw_names(MW_SCOPE_STRING));
  int string = lua_gettop(L) - 1;
  lua_getfield(L, string + 1, "format");
  lua_pushcclosure(L, string_format, 1);
  lua_setfield(L, string, "format");
  mw_set_function(L, string, "rep", string_rep);
  mw_set_function(L, string, "upper", string_upper);
  mw_set_function(L, string, "lower", string_lower);
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
