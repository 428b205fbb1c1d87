// What a chunk can get hold of that is not Lua's own, and how it is named to people.
#include "library.h"

#include <string.h>

const char *mw_type_name(lua_State *L, int index) {
  switch (lua_type(L, index)) {
  case LUA_TSTRING: return "text";
  case LUA_TUSERDATA:
    switch (((Thing *)lua_touserdata(L, index))->kind) {
    case KIND_LIBRARY:
    case KIND_ARGUMENT:
    case KIND_GROUP: return "table";
    case KIND_CURVE: return "curve";
    case KIND_WORD:
    case KIND_VALUE: return "word";
    case KIND_WALK:
    case KIND_SEARCH: return "walk";
    }
    return "value";
  case LUA_TLIGHTUSERDATA: return "value";
  default: return luaL_typename(L, index);
  }
}

Thing *mw_new_thing(lua_State *L, Kind kind, int values) {
  Thing *thing = lua_newuserdatauv(L, sizeof *thing, values);
  memset(thing, 0, sizeof *thing);
  thing->kind = kind;
  return thing;
}

const char *mw_key_text(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : mw_type_name(L, index);
}

int mw_no_assignment(lua_State *L) {
  return luaL_error(
    L, "cannot set '%s' here: what the engine hands in is read-only; use a local variable", mw_key_text(L, 2));
}
