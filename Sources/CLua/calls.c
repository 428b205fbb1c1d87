// Asking functions: what they are given, and the calls.
//
// Readings and limits are given as read-only things without fields: each look at one is a call of a function in C
// (arguments.c). Code that stores nothing and calls nothing cannot tell them from plain tables with those fields, and a
// look into one is no call. So such code is given plain ones where numbers, true and false are all there is.
#include "host.h"

#include <stdio.h>
#include <string.h>

// On the stack of slots no room is asked for: what Lua gives without asking must do for the deepest of these.
_Static_assert(SLOT_DECLARED + 5 <= LUA_MINSTACK, "a function, two tables, a name and a value do not fit");

// --- binding ------------------------------------------------------------------------------------------------

// In the array of plain tables: that of the limits, then those of the sets; each is followed by its names.
enum { PLAIN_LIMITS = 1, PLAIN_SETS = 3 };

/// With the names at `names` and their argument at `argument`: puts both away for plain tables, at `place` of `plain`.
static void add_plain(lua_State *L, int plain, int place, int names, int argument) {
  mw_push_plain_argument(L, names, argument);
  lua_rawseti(L, plain, place);
  lua_pushvalue(L, names);
  lua_rawseti(L, plain, place + 1);
}

/// Pushes the limits' table, an array of the sets' tables, that of the plain ones, and an array of how many limits and
/// how many readings of each set there are.
static int bind_body(lua_State *L) {
  enum { ALL = 2, LIMITS, SETS, PLAIN, COUNTS, NAMES, ARGUMENT };
  Span *names = lua_touserdata(L, 1);
  mw_push_value(L, names->bytes, names->length);
  lua_rawgeti(L, ALL, 1);
  mw_push_argument(L, 0);
  for (int i = SETS; i <= COUNTS; i++) lua_newtable(L);
  lua_rawgeti(L, ALL, 1);
  lua_pushinteger(L, (lua_Integer)lua_rawlen(L, NAMES));
  lua_rawseti(L, COUNTS, 1);
  add_plain(L, PLAIN, PLAIN_LIMITS, NAMES, LIMITS);
  lua_settop(L, COUNTS);
  for (lua_Integer i = 2; lua_rawgeti(L, ALL, i) == LUA_TTABLE; i++) {
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, NAMES));
    lua_rawseti(L, COUNTS, i);
    lua_pushvalue(L, NAMES);
    mw_push_argument(L, 1);
    add_plain(L, PLAIN, PLAIN_SETS + 2 * (int)(i - 2), NAMES, ARGUMENT);
    lua_rawseti(L, SETS, i - 1);
    lua_settop(L, COUNTS);
  }
  lua_settop(L, COUNTS);
  return 4;
}

static void *make_room(MWHost *h, size_t count, size_t size) {
  void *room = mw_realloc(h, NULL, 0, size * count);
  if (room != NULL) memset(room, 0, size * count);
  return room;
}

/// As many limits, and readings for each set, as the array on top of the stack says.
static int make_sets(MWHost *h) {
  lua_State *L = h->L;
  int count = (int)lua_rawlen(L, -1) - 1;
  lua_rawgeti(L, -1, 1);
  h->limit_count = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (count == 0) return 1;
  h->sets = make_room(h, (size_t)count, sizeof(MWSet));
  if (h->sets == NULL) return 0;
  h->set_count = count;
  for (int i = 0; i < count; i++) {
    lua_rawgeti(L, -1, i + 2);
    size_t readings = (size_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (readings == 0) continue;
    MWSet *set = &h->sets[i];
    set->readings = make_room(h, readings, sizeof(MWReading));
    if (set->readings == NULL) return 0;
    set->count = (int)readings;
    set->plain = make_room(h, readings, sizeof(MWPlain));
    if (set->plain == NULL) return 0;
  }
  return 1;
}

void mw_free_sets(MWHost *h) {
  for (int i = 0; i < h->set_count; i++) {
    MWSet *set = &h->sets[i];
    size_t count = (size_t)set->count;
    for (int r = 0; r < set->count; r++) mw_realloc(h, set->readings[r].text, set->readings[r].room, 0);
    mw_realloc(h, set->readings, sizeof(MWReading) * count, 0);
    if (set->plain != NULL) mw_realloc(h, set->plain, sizeof(MWPlain) * count, 0);
  }
  mw_realloc(h, h->sets, sizeof(MWSet) * (size_t)h->set_count, 0);
  h->sets = NULL;
  h->set_count = 0;
  h->limit_count = 0;
}

MWStatus mw_bind(MWHost *h, const uint8_t *names, size_t length) {
  lua_State *L = h->L;
  Span span = {names, length};
  lua_pushcfunction(L, bind_body);
  lua_pushlightuserdata(L, &span);
  int rc = mw_protected_call(h, 1, 4, 1000000);
  if (rc != LUA_OK) return mw_failed(h, rc);
  mw_free_sets(h);
  memset(h->found_limits, 0, sizeof h->found_limits);
  int made = make_sets(h);
  mw_use_limits(h, NULL);
  lua_pop(L, 1);
  lua_rawgeti(L, -1, PLAIN_LIMITS);
  lua_replace(L, SLOT_PLAIN_LIMITS);
  lua_rawgeti(L, -1, PLAIN_SETS);
  lua_replace(L, SLOT_PLAIN_READINGS);
  lua_rawgeti(L, -1, PLAIN_SETS + 1);
  lua_replace(L, SLOT_READING_NAMES);
  lua_replace(L, SLOT_PLAIN);
  lua_rawgeti(L, -1, 1);
  lua_replace(L, SLOT_READINGS);
  lua_replace(L, SLOT_SETS);
  lua_replace(L, SLOT_LIMITS);
  if (made) return MW_OK;
  snprintf(h->message, sizeof h->message, "not enough memory");
  return MW_MEMORY;
}

MWReading *mw_readings(MWHost *h, int set) { return set < h->set_count ? h->sets[set].readings : NULL; }

MWStatus mw_set_text(MWHost *h, MWReading *r, const char *text, size_t length) {
  if (length > MW_TEXT_LIMIT) {
    snprintf(h->message, sizeof h->message, "a text longer than 64 KiB");
    return MW_MEMORY;
  }
  if (length > r->room) {
    void *moved = mw_realloc(h, r->text, r->room, length);
    if (moved == NULL) return MW_MEMORY;
    r->text = moved;
    r->room = length;
  }
  if (length > 0) memcpy(r->text, text, length);
  r->length = length;
  return MW_OK;
}

/// Pushes the tables that a function gets.
static void push_arguments(MWHost *h, int set) {
  lua_State *L = h->L;
  if (set == 0) {
    lua_pushvalue(L, SLOT_READINGS);
  } else {
    lua_rawgeti(L, SLOT_SETS, set + 1);
  }
  lua_pushvalue(L, SLOT_LIMITS);
}

// --- plain tables -------------------------------------------------------------------------------------------

void mw_use_limits(MWHost *h, const MWLimit *limits) {
  static const MWLimit none;
  lua_State *L = h->L;
  h->limits_in_force = limits != NULL ? limits : &none;
  h->plain_limits = h->limit_count == 0;
  if (limits == NULL || h->plain_limits) return;
  for (int i = 0; i < h->limit_count; i++) {
    if (limits[i].kind != MW_LIMIT_NUMBER) return;
  }
  h->plain_limits = 1;
  lua_pushvalue(L, SLOT_PLAIN_LIMITS);
  lua_rawgeti(L, SLOT_PLAIN, PLAIN_LIMITS + 1);
  for (int i = 0; i < h->limit_count; i++) {
    // The field is there and its value is no object: nothing is allocated, and nothing can fail.
    lua_rawgeti(L, -1, i + 1);
    lua_pushnumber(L, limits[i].number);
    lua_rawset(L, -4);
  }
  lua_pop(L, 2);
}

/// Pushes readings and limits as plain tables; 0, and nothing, where one of them is more than a number, true or false.
static int push_plain(MWHost *h, int place) {
  lua_State *L = h->L;
  const MWSet *set = &h->sets[place];
  if (!h->plain_limits) return 0;
  for (int i = 0; i < set->count; i++) {
    MWKind kind = set->readings[i].kind;
    if (kind != MW_NUMBER && kind != MW_TRUE && kind != MW_FALSE) return 0;
  }
  int table = SLOT_PLAIN_READINGS, names = SLOT_READING_NAMES;
  if (place == 0) {
    lua_pushvalue(L, table);
  } else {
    table = lua_gettop(L) + 1;
    names = table + 1;
    lua_rawgeti(L, SLOT_PLAIN, PLAIN_SETS + 2 * place);
    lua_rawgeti(L, SLOT_PLAIN, PLAIN_SETS + 2 * place + 1);
  }
  for (int i = 0; i < set->count; i++) {
    const MWReading *r = &set->readings[i];
    MWPlain *have = &set->plain[i];
    uint64_t bits;
    memcpy(&bits, &r->number, sizeof bits);
    if (have->kind == r->kind && have->bits == bits) continue;
    have->kind = r->kind;
    have->bits = bits;
    lua_rawgeti(L, names, i + 1);
    if (r->kind == MW_NUMBER) lua_pushnumber(L, r->number); else lua_pushboolean(L, r->kind == MW_TRUE);
    lua_rawset(L, table);
  }
  if (place != 0) lua_pop(L, 1);
  lua_pushvalue(L, SLOT_PLAIN_LIMITS);
  return 1;
}

// --- calling ------------------------------------------------------------------------------------------------

/// What the tables show from here to the end of the call.
static void see(MWHost *h, int set) {
  h->limits = h->limits_in_force;
  h->set = &h->sets[set];
}

/// Calls the function with the tables of a set; what it gave is on top, or the call failed.
static int answer(MWHost *h, int function, int set, int64_t instructions, int64_t longest) {
  lua_State *L = h->L;
  see(h, set);
  h->answering = 1;
  lua_rawgeti(L, SLOT_FUNCTIONS, function);
  int rc;
  if (longest > 0 && longest <= instructions) {
    if (!push_plain(h, set)) push_arguments(h, set);
    mw_clear(h);
    h->granted = instructions;
    h->budget = instructions - longest;
    if (h->hooked) lua_sethook(L, NULL, 0, 0);
    h->hooked = 0;
    rc = mw_noted_call(h, 2, 1);
  } else {
    push_arguments(h, set);
    rc = mw_protected_call(h, 2, 1, instructions);
  }
  h->answering = 0;
  h->limits = NULL;
  h->set = NULL;
  return rc;
}

MWStatus mw_ask(MWHost *h, int function, int set, int64_t instructions, int64_t longest) {
  lua_State *L = h->L;
  int rc = answer(h, function, set, instructions, longest);
  if (rc != LUA_OK || h->budget < 0) return mw_failed(h, rc);
  MWStatus status = MW_NOT_BOOLEAN;
  if (lua_type(L, -1) == LUA_TBOOLEAN) {
    status = lua_toboolean(L, -1) ? MW_YES : MW_NO;
  } else {
    snprintf(h->name, sizeof h->name, "%s", mw_type_name(L, -1));
  }
  lua_pop(L, 1);
  return status;
}

MWStatus mw_compute(MWHost *h, int function, int set, int64_t instructions, int64_t longest, double *result) {
  lua_State *L = h->L;
  int rc = answer(h, function, set, instructions, longest);
  if (rc != LUA_OK || h->budget < 0) return mw_failed(h, rc);
  MWStatus status = MW_NOT_NUMBER;
  switch (lua_type(L, -1)) {
  case LUA_TNUMBER:
    *result = lua_tonumber(L, -1);
    status = MW_OK;
    break;
  case LUA_TNIL: status = MW_NO; break;
  default: snprintf(h->name, sizeof h->name, "%s", mw_type_name(L, -1));
  }
  lua_pop(L, 1);
  return status;
}

static int make_body(lua_State *L) {
  lua_call(L, 2, 1);
  mw_write_value(L, 0);
  return 0;
}

MWStatus mw_make(MWHost *h, int function, int set, int64_t instructions) {
  lua_State *L = h->L;
  see(h, set);
  h->out_length = 0;
  lua_pushcfunction(L, make_body);
  lua_rawgeti(L, SLOT_FUNCTIONS, function);
  push_arguments(h, set);
  int rc = mw_protected_call(h, 3, 0, instructions);
  h->limits = NULL;
  h->set = NULL;
  if (rc != LUA_OK || h->budget < 0) return mw_failed(h, rc);
  return MW_OK;
}

static int call_body(lua_State *L) {
  Span *arguments = lua_touserdata(L, 2);
  lua_pushvalue(L, 1);
  // What an adapter is given may be larger than what it may make.
  host_of(L)->unbounded = 1;
  mw_push_value(L, arguments->bytes, arguments->length);
  host_of(L)->unbounded = 0;
  int list = lua_gettop(L);
  // The list's own count: values that are nil leave no trace in the table.
  const uint8_t *b = arguments->bytes;
  int count = arguments->length < 5 ? 0 : (int)(b[1] | (uint32_t)b[2] << 8 | (uint32_t)b[3] << 16 | (uint32_t)b[4] << 24);
  luaL_checkstack(L, count, NULL);
  for (int i = 1; i <= count; i++) lua_rawgeti(L, list, i);
  lua_remove(L, list);
  lua_call(L, count, 1);
  mw_write_value(L, 0);
  return 0;
}

MWStatus mw_call(MWHost *h, int function, const uint8_t *arguments, size_t length, int64_t instructions) {
  lua_State *L = h->L;
  Span span = {arguments, length};
  h->out_length = 0;
  lua_pushcfunction(L, call_body);
  lua_rawgeti(L, SLOT_FUNCTIONS, function);
  lua_pushlightuserdata(L, &span);
  int rc = mw_protected_call(h, 2, 0, instructions);
  h->unbounded = 0;
  if (rc != LUA_OK || h->budget < 0) return mw_failed(h, rc);
  return MW_OK;
}
