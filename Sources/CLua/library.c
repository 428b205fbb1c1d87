// What a chunk can name. Everything else is absent. What works in C charges the budget, because no hook sees it;
// nothing here keeps state between calls, and nothing tells an address.
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const MATH[] = {
  "abs", "acos", "asin", "atan", "ceil", "cos", "exp", "floor", "fmod", "huge", "log", "max", "maxinteger", "min",
  "mininteger", "modf", "pi", "sin", "sqrt", "tan", "tointeger", "type", "ult", NULL};
static const char *const STRING[] = {"byte", "char", "format", "len", "lower", "rep", "reverse", "sub", "upper", NULL};
static const char *const PATTERNS[] = {"find", "gmatch", "gsub", "match", NULL};
static const char *const TABLE[] = {"concat", "insert", "remove", "sort", "unpack", NULL};
static const char *const ENV[] = {
  "assert", "error", "ipairs", "math", "next", "pairs", "select", "string", "table", "tonumber", "tostring", "type",
  NULL};

const char *mw_known(MWScope scope, int index) {
  switch (scope) {
  case MW_SCOPE_MATH: return MATH[index];
  case MW_SCOPE_STRING: return STRING[index];
  case MW_SCOPE_TABLE: return TABLE[index];
  case MW_SCOPE_ENV: return ENV[index];
  default: return NULL;
  }
}

static int contains(const char *const *names, const char *name) {
  for (; *names != NULL; names++) {
    if (strcmp(*names, name) == 0) return 1;
  }
  return 0;
}

const char *mw_type_name(lua_State *L, int index) {
  switch (lua_type(L, index)) {
  case LUA_TSTRING: return "text";
  case LUA_TUSERDATA:
    switch (((Thing *)lua_touserdata(L, index))->kind) {
    case KIND_LIBRARY:
    case KIND_ARGUMENT: return "table";
    case KIND_WORD:
    case KIND_VALUE: return "word";
    case KIND_WALK: return "walk";
    }
    return "value";
  case LUA_TLIGHTUSERDATA: return "value";
  default: return luaL_typename(L, index);
  }
}

static Thing *new_thing(lua_State *L, Kind kind, int values) {
  Thing *thing = lua_newuserdatauv(L, sizeof *thing, values);
  memset(thing, 0, sizeof *thing);
  thing->kind = kind;
  return thing;
}

static const char *key_text(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : mw_type_name(L, index);
}

// --- charged functions of Lua's own library -----------------------------------------------------------------

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

// --- base ---------------------------------------------------------------------------------------------------

static int base_type(lua_State *L) {
  luaL_checkany(L, 1);
  int kind = lua_type(L, 1);
  lua_pushstring(L, kind == LUA_TUSERDATA ? mw_type_name(L, 1) : luaL_typename(L, 1));
  return 1;
}

static void push_tostring(lua_State *L, int index) {
  switch (lua_type(L, index)) {
  case LUA_TNIL: case LUA_TBOOLEAN: case LUA_TNUMBER: case LUA_TSTRING: luaL_tolstring(L, index, NULL); break;
  case LUA_TUSERDATA: lua_pushstring(L, mw_type_name(L, index)); break;
  default: lua_pushstring(L, luaL_typename(L, index));
  }
}

static int base_tostring(lua_State *L) {
  luaL_checkany(L, 1);
  push_tostring(L, 1);
  return 1;
}

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
      if (lua_stringtonumber(L, text) == length + 1) return 1;
    }
    lua_pushnil(L);
    return 1;
  }
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_Integer base = luaL_checkinteger(L, 2);
  luaL_argcheck(L, 2 <= base && base <= 36, 2, "base out of range");
  mw_charge(L, (int64_t)length / 8);
  lua_Unsigned number = 0;
  int negative = length > 0 && text[0] == '-';
  size_t i = (size_t)negative;
  int digits = 0;
  for (; i < length; i++) {
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

// --- walking tables in a fixed order ------------------------------------------------------------------------

typedef struct {
  int rank;  // 0 number, 1 text, 2 boolean
  int is_integer;
  lua_Integer integer;
  lua_Number number;
  const char *text;
  size_t length;
} Key;

static int compare_keys(const void *a, const void *b) {
  const Key *x = a, *y = b;
  if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
  if (x->rank == 0) {
    // long double holds every integer and every double exactly on the platforms we run on.
    long double m = x->is_integer ? (long double)x->integer : (long double)x->number;
    long double n = y->is_integer ? (long double)y->integer : (long double)y->number;
    return m < n ? -1 : m > n;
  }
  if (x->rank == 2) return (int)x->integer - (int)y->integer;
  size_t shorter = x->length < y->length ? x->length : y->length;
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

void mw_push_sorted_keys(lua_State *L, int table) {
  luaL_checkstack(L, 6, NULL);
  size_t count = 0;
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    lua_pop(L, 1);
    mw_charge(L, 4);
    count++;
  }
  lua_createtable(L, (int)count, 0);
  if (count == 0) return;
  // The texts stay alive in the table while they are sorted.
  Key *keys = lua_newuserdatauv(L, count * sizeof(Key), 0);
  size_t n = 0;
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    lua_pop(L, 1);
    keys[n++] = key_at(L, -1);
  }
  qsort(keys, n, sizeof(Key), compare_keys);
  for (size_t i = 0; i < n; i++) {
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

static int base_pairs(lua_State *L) {
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
  new_thing(L, KIND_WALK, 3);
  for (int i = 1; i <= 3; i++) {
    lua_pushvalue(L, i);
    lua_setiuservalue(L, -2, i);
  }
  return 2;
}

static int base_next(lua_State *L) {
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
    if ((from_start || compare_keys(&key, &after) > 0) && (!found || compare_keys(&key, &best) < 0)) {
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

static int base_ipairs(lua_State *L) {
  check_table(L, "ipairs");
  lua_pushcfunction(L, ipairs_step);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}

// --- string -------------------------------------------------------------------------------------------------

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
        push_tostring(L, argument);
        lua_replace(L, argument);
      }
      if (lua_type(L, argument) == LUA_TSTRING) cost += (int64_t)lua_rawlen(L, argument) / 4;
    }
    cost += 16;
  }
  mw_charge(L, cost);
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

// --- table --------------------------------------------------------------------------------------------------

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
  if (first <= last && (lua_Unsigned)last - (lua_Unsigned)first >= MW_RANGE_LIMIT) {
    return luaL_error(L, "table.concat joins at most %d texts", MW_RANGE_LIMIT);
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
    total += size + between;
    if (total > MW_TEXT_LIMIT + between) return luaL_error(L, "table.concat would make a text longer than 64 KiB");
    mw_charge(L, 1 + (int64_t)(size + between) / 16);
    luaL_addvalue(&b);
    if (i < last) luaL_addlstring(&b, separator, between);
    if (i == last) break;  // last may be the greatest integer
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
    mw_charge(L, (end - at) / 4 + 1);
    for (lua_Integer i = end; i > at; i--) {
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
  mw_charge(L, size > at ? (size - at) / 4 + 1 : 1);
  lua_rawgeti(L, 1, at);
  for (; at < size; at++) {
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
  if (count >= MW_RANGE_LIMIT || !lua_checkstack(L, (int)count + 1)) {
    return luaL_error(L, "table.unpack gives at most %d values", MW_RANGE_LIMIT);
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
  if (n > MW_RANGE_LIMIT) return luaL_error(L, "table.sort sorts at most %d elements", MW_RANGE_LIMIT);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_createtable(L, (int)n, 0);
  lua_createtable(L, (int)n, 0);
  int from = 3, to = 4;
  mw_charge(L, n);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, 1, i);
    lua_rawseti(L, from, i);
  }
  for (lua_Integer width = 1; width < n; width *= 2) {
    mw_charge(L, n);
    for (lua_Integer start = 1; start <= n; start += 2 * width) {
      lua_Integer middle = start + width <= n + 1 ? start + width : n + 1;
      lua_Integer end = start + 2 * width <= n + 1 ? start + 2 * width : n + 1;
      lua_Integer left = start, right = middle;
      for (lua_Integer i = start; i < end; i++) {
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
    lua_rawgeti(L, from, i);
    lua_rawseti(L, 1, i);
  }
  return 0;
}

// --- words --------------------------------------------------------------------------------------------------

static int word_call(lua_State *L) {
  Thing *word = lua_touserdata(L, 1);
  lua_getiuservalue(L, 1, 1);
  lua_insert(L, 2);
  const char *name = lua_tostring(L, 2);
  if (!host_of(L)->loading && !word->in_calls) {
    return luaL_error(L, "'%s' belongs in '%s { ... }', not inside a function", name, lua_tostring(L, lua_upvalueindex(2)));
  }
  int count = lua_gettop(L) - 2;
  mw_charge(L, count + 4);
  lua_createtable(L, count, 0);
  lua_insert(L, 3);
  for (int i = count; i >= 1; i--) lua_rawseti(L, 3, i);
  Thing *value = new_thing(L, KIND_VALUE, 2);
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

static int no_field_of_word(lua_State *L) {
  lua_getiuservalue(L, 1, 1);
  return luaL_error(L, "'%s' has no '%s'", lua_tostring(L, -1), key_text(L, 2));
}

static int no_assignment(lua_State *L) {
  return luaL_error(
    L, "cannot set '%s' here: what the engine hands in is read-only; use a local variable", key_text(L, 2));
}

static int no_global(lua_State *L) { return mw_raise(L, MW_ASSIGNS_GLOBAL, key_text(L, 2)); }

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

// --- the environment ----------------------------------------------------------------------------------------

/// A name that is not there: upvalue 1 is the scope.
static int unknown(lua_State *L) {
  MWHost *h = host_of(L);
  h->scope = (MWScope)lua_tointeger(L, lua_upvalueindex(1));
  const char *name = key_text(L, 2);
  if (h->scope == MW_SCOPE_STRING && contains(PATTERNS, name)) {
    return luaL_error(
      L, "string patterns are not available in rules yet: string.%s; compare texts with == or use string.sub", name);
  }
  return mw_raise(L, MW_UNKNOWN_NAME, name);
}

/// Puts the table on top behind a userdata that can be read and nothing else.
static void seal(lua_State *L, MWScope scope, lua_CFunction refuse) {
  int table = lua_gettop(L);
  lua_createtable(L, 0, 1);
  lua_pushinteger(L, scope);
  lua_pushcclosure(L, unknown, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, table);
  new_thing(L, KIND_LIBRARY, 0);
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
static void push_library(lua_State *L, lua_CFunction open, const char *const *names) {
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

static void set_function(lua_State *L, int table, const char *name, lua_CFunction function) {
  lua_pushcfunction(L, function);
  lua_setfield(L, table, name);
}

static void add_words(lua_State *L, int env, int names, int in_calls, const char *statement) {
  lua_createtable(L, 0, 4);  // of words
  int words = lua_gettop(L);
  lua_createtable(L, 0, 3);  // of their values
  lua_pushcfunction(L, no_field_of_word);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, no_assignment);
  lua_setfield(L, -2, "__newindex");
  lua_pushliteral(L, "word");
  lua_setfield(L, -2, "__name");
  lua_pushstring(L, statement);
  lua_pushcclosure(L, word_call, 2);
  lua_setfield(L, words, "__call");
  set_function(L, words, "__index", no_field_of_word);
  set_function(L, words, "__newindex", no_assignment);
  lua_pushliteral(L, "word");
  lua_setfield(L, words, "__name");
  for (lua_Integer i = 1; lua_rawgeti(L, names, i) == LUA_TSTRING; i++) {
    new_thing(L, KIND_WORD, 1)->in_calls = in_calls;
    lua_pushvalue(L, -2);
    lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, words);
    lua_setmetatable(L, -2);
    lua_rawset(L, env);
  }
  lua_settop(L, words - 1);
}

void mw_push_environment(lua_State *L) {
  int config = 1;
  lua_newtable(L);
  int env = lua_gettop(L);

  push_library(L, luaopen_math, MATH);
  lua_pop(L, 1);
  seal(L, MW_SCOPE_MATH, no_assignment);
  lua_setfield(L, env, "math");

  push_library(L, luaopen_string, STRING);
  int string = lua_gettop(L) - 1;
  lua_getfield(L, string + 1, "format");
  lua_pushcclosure(L, string_format, 1);
  lua_setfield(L, string, "format");
  set_function(L, string, "rep", string_rep);
  lua_settop(L, string);
  // Replaces the metatable that luaopen_string gave all texts: theirs has arithmetic, and can be written to.
  lua_pushliteral(L, "");
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, string);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
  seal(L, MW_SCOPE_STRING, no_assignment);
  lua_setfield(L, env, "string");

  lua_newtable(L);
  int table = lua_gettop(L);
  set_function(L, table, "concat", table_concat);
  set_function(L, table, "insert", table_insert);
  set_function(L, table, "remove", table_remove);
  set_function(L, table, "sort", table_sort);
  set_function(L, table, "unpack", table_unpack);
  seal(L, MW_SCOPE_TABLE, no_assignment);
  lua_setfield(L, env, "table");

  set_function(L, env, "assert", base_assert);
  set_function(L, env, "error", base_error);
  set_function(L, env, "ipairs", base_ipairs);
  set_function(L, env, "next", base_next);
  set_function(L, env, "pairs", base_pairs);
  set_function(L, env, "select", base_select);
  set_function(L, env, "tonumber", base_tonumber);
  set_function(L, env, "tostring", base_tostring);
  set_function(L, env, "type", base_type);

  lua_rawgeti(L, config, 1);
  const char *name = lua_tostring(L, -1);
  int name_at = lua_gettop(L);
  lua_pushvalue(L, name_at);
  lua_pushcclosure(L, statement, 1);
  lua_setfield(L, env, name);
  lua_rawgeti(L, config, 2);
  add_words(L, env, name_at + 1, 0, name);
  lua_rawgeti(L, config, 3);
  add_words(L, env, name_at + 2, 1, name);
  lua_settop(L, env);
  seal(L, MW_SCOPE_ENV, no_global);
}

// --- the argument tables of predicates ----------------------------------------------------------------------

static int no_field(lua_State *L, MWScope scope) {
  host_of(L)->scope = scope;
  return mw_raise(L, MW_UNKNOWN_NAME, key_text(L, 2));
}

/// The place of the name at index 2 among readings (0) or limits (1); -1 for a name that is none of them.
/// Upvalue 1 has the places. Equal short strings are one object in Lua, and the names live as long as the table, so
/// an address seen before needs no look-up; longer ones are looked up each time.
static inline int place_of(lua_State *L, MWHost *h, int kind) {
  const void *name = lua_topointer(L, 2);
  int slot = (int)((uintptr_t)name >> 4 & 15);
  if (h->found[kind][slot].name == name && name != NULL) return h->found[kind][slot].place;
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNUMBER) return -1;
  int place = (int)lua_tointeger(L, -1);
  if (lua_type(L, 2) == LUA_TSTRING && lua_rawlen(L, 2) <= 40) {
    h->found[kind][slot].name = name;
    h->found[kind][slot].place = place;
  }
  return place;
}

/// Looking at a reading that is not good ends the call.
static int reading_index(lua_State *L) {
  MWHost *h = host_of(L);
  int place = place_of(L, h, 0);
  if (place < 0) return no_field(L, MW_SCOPE_READINGS);
  if (h->limits == NULL) return luaL_error(L, "a reading was looked at outside the call it belongs to");
  const MWReading *r = &h->readings[place];
  switch (r->kind) {
  case MW_NOT_GOOD:
    h->blind = place;
    return mw_raise(L, MW_BLIND, "");
  case MW_FALSE: lua_pushboolean(L, 0); break;
  case MW_TRUE: lua_pushboolean(L, 1); break;
  case MW_NUMBER: lua_pushnumber(L, r->number); break;
  case MW_TEXT: lua_pushlstring(L, r->text, r->length); break;
  }
  return 1;
}

static int limit_index(lua_State *L) {
  MWHost *h = host_of(L);
  int place = place_of(L, h, 1);
  if (place < 0) return no_field(L, MW_SCOPE_LIMITS);
  if (h->limits == NULL) return luaL_error(L, "a limit was looked at outside the call it belongs to");
  lua_pushnumber(L, h->limits[place]);
  return 1;
}

void mw_push_argument(lua_State *L, int readings) {
  int names = lua_gettop(L);
  lua_newtable(L);
  for (lua_Integer i = 1; lua_rawgeti(L, names, i) == LUA_TSTRING; i++) {
    lua_pushinteger(L, i - 1);
    lua_rawset(L, names + 1);
  }
  lua_settop(L, names + 1);
  new_thing(L, KIND_ARGUMENT, 0);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, names + 1);
  lua_pushcclosure(L, readings ? reading_index : limit_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, no_assignment);
  lua_setfield(L, -2, "__newindex");
  lua_pushstring(L, readings ? "asset" : "limits");
  lua_setfield(L, -2, "__name");
  lua_setmetatable(L, -2);
  lua_replace(L, names);
  lua_settop(L, names);
}
