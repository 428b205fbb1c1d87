// What a chunk can name. Everything else is absent. What works in C charges the budget, because no hook sees it;
// nothing here keeps state between calls, and nothing tells an address.
#include "library.h"

static const char *const MATH[] = {
  "abs", "acos", "asin", "atan", "ceil", "cos", "exp", "floor", "fmod", "huge", "log", "max", "maxinteger", "min",
  "mininteger", "modf", "pi", "sin", "sqrt", "tan", "tointeger", "type", "ult", NULL};
static const char *const STRING[] = {
  "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper", NULL};
// The numbers in the order of their places, then the text.
static const char *const GROUP[] = {"highest", "how_many", "lowest", "mean", "spread", "worst", NULL};
static const char *const TABLE[] = {"concat", "insert", "remove", "sort", "unpack", NULL};
static const char *const ENV[] = {
  "assert", "error", "ipairs", "math", "next", "pairs", "select", "string", "table", "tonumber", "tostring", "type",
  NULL};

const char *const *mw_names(MWScope scope) {
  static const char *const none[] = {NULL};
  switch (scope) {
  case MW_SCOPE_MATH: return MATH;
  case MW_SCOPE_STRING: return STRING;
  case MW_SCOPE_TABLE: return TABLE;
  case MW_SCOPE_ENV: return ENV;
  case MW_SCOPE_GROUP: return GROUP;
  default: return none;
  }
}

const char *mw_known(MWScope scope, int index) {
  return scope <= MW_SCOPE_GROUP ? mw_names(scope)[index] : NULL;
}

/// Calls the library's function (upvalue 1) after charging for the texts it will go through.
static int charged(lua_State *L) {
  int64_t cost = 1;
  int count = lua_gettop(L);
  for (int i = 1; i <= count; i++) {
    if (lua_type(L, i) == LUA_TSTRING) cost += (int64_t)lua_rawlen(L, i) / 8;
  }
  mw_charge(L, cost + count / 8);
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/// A name that is not there: upvalue 1 is the scope.
static int unknown(lua_State *L) {
  MWHost *h = host_of(L);
  h->scope = (MWScope)lua_tointeger(L, lua_upvalueindex(1));
  return mw_raise(L, MW_UNKNOWN_NAME, mw_key_text(L, 2));
}

static int no_global(lua_State *L) { return mw_raise(L, MW_ASSIGNS_GLOBAL, mw_key_text(L, 2)); }

/// Puts the table on top behind a userdata that can be read and nothing else.
static void seal(lua_State *L, MWScope scope, lua_CFunction refuse) {
  int table = lua_gettop(L);
  lua_createtable(L, 0, 1);
  lua_pushinteger(L, scope);
  lua_pushcclosure(L, unknown, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, table);
  mw_new_thing(L, KIND_LIBRARY, 0);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, table);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, refuse);
  lua_setfield(L, -2, "__newindex");
  lua_pushliteral(L, "table");
  lua_setfield(L, -2, "__name");
  lua_setmetatable(L, -2);
  lua_remove(L, table);
}

/// Pushes a table of the named entries of a library of Lua's own, its functions charged.
void mw_push_library(lua_State *L, lua_CFunction open, const char *const *names) {
  lua_newtable(L);
  int mine = lua_gettop(L);
  lua_pushcfunction(L, open);
  lua_call(L, 0, 1);
  for (; *names != NULL; names++) {
    if (lua_getfield(L, mine + 1, *names) == LUA_TFUNCTION) lua_pushcclosure(L, charged, 1);
    lua_setfield(L, mine, *names);
  }
  lua_settop(L, mine + 1);
}

void mw_set_function(lua_State *L, int table, const char *name, lua_CFunction function) {
  lua_pushcfunction(L, function);
  lua_setfield(L, table, name);
}

void mw_push_environment(lua_State *L) {
  int config = 1;
  lua_newtable(L);
  int env = lua_gettop(L);

  mw_push_library(L, luaopen_math, MATH);
  lua_pop(L, 1);
  seal(L, MW_SCOPE_MATH, mw_no_assignment);
  lua_setfield(L, env, "math");
  mw_push_string(L);
  seal(L, MW_SCOPE_STRING, mw_no_assignment);
  lua_setfield(L, env, "string");
  mw_push_table(L);
  seal(L, MW_SCOPE_TABLE, mw_no_assignment);
  lua_setfield(L, env, "table");

  mw_add_argument_kinds(L);
  mw_add_base(L, env);
  mw_add_words(L, env, config);
  seal(L, MW_SCOPE_ENV, no_global);
}
