#include "CBound.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bound_run(const char *source, const char *const *names, int fields, const char *const *limit_names,
                 const double *limits, int limit_count, const double *values, int64_t calls, int64_t *trues) {
  lua_State *L = luaL_newstate();
  if (L == NULL) return -1;
  luaL_openlibs(L);
  if (luaL_loadstring(L, source) != LUA_OK || lua_pcall(L, 0, 1, 0) != LUA_OK) {
    lua_close(L);
    return -1;
  }
  lua_createtable(L, 0, fields);        /* 2: readings */
  lua_createtable(L, 0, limit_count);   /* 3: limits */
  for (int i = 0; i < limit_count; i++) {
    lua_pushnumber(L, limits[i]);
    lua_setfield(L, 3, limit_names[i]);
  }
  int64_t yes = 0;
  double start = now();
  for (int64_t call = 0; call < calls; call++) {
    const double *row = values + call * fields;
    for (int field = 0; field < fields; field++) {
      lua_pushnumber(L, row[field]);
      lua_setfield(L, 2, names[field]);
    }
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
      lua_close(L);
      return -1;
    }
    yes += lua_toboolean(L, -1);
    lua_pop(L, 1);
  }
  double took = now() - start;
  *trues = yes;
  lua_close(L);
  return took;
}
