// The words of a rule or an adapter: values that say what was written where, and the one statement.
#include "library.h"

static int word_call(lua_State *L) {
  Thing *word = lua_touserdata(L, 1);
  lua_getiuservalue(L, 1, 1);
  lua_insert(L, 2);
  const char *name = lua_tostring(L, 2);
  MWHost *h = host_of(L);
  if (!h->loading && !word->in_calls) {
    return luaL_error(L, "'%s' belongs in '%s { ... }', not inside a function", name, lua_tostring(L, lua_upvalueindex(2)));
  }
  if (h->answering) return luaL_error(L, "'%s' belongs in 'actions'; this function only answers a question", name);
  int count = lua_gettop(L) - 2;
  mw_charge(L, count + 4);
  lua_createtable(L, count, 0);
  lua_insert(L, 3);
  for (int i = count; i >= 1; i--) lua_rawseti(L, 3, i);
  Thing *value = mw_new_thing(L, KIND_VALUE, 2);
  value->line = mw_current_line(L, 1);
  value->count = count;
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, 3);
  lua_setiuservalue(L, -2, 2);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_setmetatable(L, -2);
  return 1;
}

/// `v:of "x"` is `of(v, "x")`: for what a word gave, the name of a method gives that word. Upvalue 1 has them.
static int value_index(lua_State *L) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TUSERDATA) return 1;
  lua_getiuservalue(L, 1, 1);
  return luaL_error(L, "'%s' has no '%s'", lua_tostring(L, -1), mw_key_text(L, 2));
}

static int no_field_of_word(lua_State *L) {
  lua_getiuservalue(L, 1, 1);
  return luaL_error(L, "'%s' has no '%s'", lua_tostring(L, -1), mw_key_text(L, 2));
}

static int statement(lua_State *L) {
  MWHost *h = host_of(L);
  const char *name = lua_tostring(L, lua_upvalueindex(1));
  if (!h->loading) return luaL_error(L, "'%s' belongs at the top of the file, not inside a function", name);
  if (h->declared) {
    return luaL_error(L, "a second '%s'; a file has exactly one, here on line %d", name, h->statement_line);
  }
  if (lua_gettop(L) != 1 || lua_type(L, 1) != LUA_TTABLE) return luaL_error(L, "write %s { ... }", name);
  h->declared = 1;
  h->statement_line = mw_current_line(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, "mw.declared");
  return 0;
}

/// `methods` is the index of the table of those words, by name, that are methods of values.
static void add_words(lua_State *L, int env, int names, int in_calls, const char *statement, int methods) {
  lua_createtable(L, 0, 4);  // of words
  int words = lua_gettop(L);
  lua_createtable(L, 0, 3);  // of their values
  lua_pushvalue(L, methods);
  lua_pushcclosure(L, value_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, mw_no_assignment);
  lua_setfield(L, -2, "__newindex");
  lua_pushliteral(L, "word");
  lua_setfield(L, -2, "__name");
  lua_pushstring(L, statement);
  lua_pushcclosure(L, word_call, 2);
  lua_setfield(L, words, "__call");
  mw_set_function(L, words, "__index", no_field_of_word);
  mw_set_function(L, words, "__newindex", mw_no_assignment);
  lua_pushliteral(L, "word");
  lua_setfield(L, words, "__name");
  for (lua_Integer i = 1; lua_rawgeti(L, names, i) == LUA_TSTRING; i++) {
    mw_new_thing(L, KIND_WORD, 1)->in_calls = in_calls;
    lua_pushvalue(L, -2);
    lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, words);
    lua_setmetatable(L, -2);
    lua_rawset(L, env);
  }
  lua_settop(L, words - 1);
}

void mw_add_words(lua_State *L, int env, int config) {
  lua_rawgeti(L, config, 1);
  const char *name = lua_tostring(L, -1);
  int name_at = lua_gettop(L);
  lua_pushvalue(L, name_at);
  lua_pushcclosure(L, statement, 1);
  lua_setfield(L, env, name);
  lua_newtable(L);
  int methods = name_at + 1;
  lua_rawgeti(L, config, 2);
  add_words(L, env, name_at + 2, 0, name, methods);
  lua_rawgeti(L, config, 3);
  add_words(L, env, name_at + 3, 1, name, methods);
  lua_rawgeti(L, config, 4);
  for (lua_Integer i = 1; lua_rawgeti(L, name_at + 4, i) == LUA_TSTRING; i++) {
    lua_pushvalue(L, -1);
    lua_rawget(L, env);
    lua_rawset(L, methods);
  }
  lua_settop(L, env);
}
