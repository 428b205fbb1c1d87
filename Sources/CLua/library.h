// Shared by the files that make the environment of a chunk: one for each library.
#ifndef MW_LIBRARY_H
#define MW_LIBRARY_H

#include "host.h"

/// The names of a scope, NULL behind the last.
const char *const *mw_names(MWScope scope);

Thing *mw_new_thing(lua_State *L, Kind kind, int values);
/// A key as messages name it.
const char *mw_key_text(lua_State *L, int index);
/// Pushes the value as a text that tells no address.
void mw_push_tostring(lua_State *L, int index);
/// `__newindex` of whatever is read-only.
int mw_no_assignment(lua_State *L);

int mw_pairs(lua_State *L);
int mw_next(lua_State *L);
int mw_ipairs(lua_State *L);

void mw_set_function(lua_State *L, int table, const char *name, lua_CFunction function);
/// Pushes a table of the named entries of a library of Lua's own, its functions charged, and that library itself.
void mw_push_library(lua_State *L, lua_CFunction open, const char *const *names);

void mw_push_string(lua_State *L);
/// Sets find, match, gmatch and gsub in the table at an index.
void mw_add_patterns(lua_State *L, int string);
void mw_push_table(lua_State *L);
void mw_add_base(lua_State *L, int env);
/// Adds the statement and the words that the config table names.
void mw_add_words(lua_State *L, int env, int config);

#endif
