// Lua's patterns, matched by steps that are charged to the budget: `("a?"):rep(30)` against thirty letters would
// otherwise run for an hour in one call that no hook interrupts. Classes, sets, captures, anchors and * + - ? are
// there; %b, %f and back references are not.
#include "library.h"

#include <ctype.h>
#include <string.h>

#define PATTERN_LIMIT 256
#define CAPTURE_LIMIT 16

typedef struct {
  const char *start;
  ptrdiff_t length;  // CAPTURE_OPEN, CAPTURE_PLACE, or how long it is
} Capture;
enum { CAPTURE_OPEN = -1, CAPTURE_PLACE = -2 };

typedef struct {
  lua_State *L;
  const char *text, *text_end;
  const char *pattern_end;
  int count;
  Capture captures[CAPTURE_LIMIT];
} Matcher;

// --- one character ------------------------------------------------------------------------------------------

/// ASCII only, whatever the process's locale says: a rule means the same everywhere.
static int is_in_class(unsigned char c, unsigned char name) {
  int ascii = c < 128;
  int found;
  switch (name | 32) {
  case 'a': found = ascii && isalpha(c); break;
  case 'c': found = c < 32 || c == 127; break;
  case 'd': found = c >= '0' && c <= '9'; break;
  case 'g': found = c > 32 && c < 127; break;
  case 'l': found = c >= 'a' && c <= 'z'; break;
  case 'p': found = ascii && ispunct(c); break;
  case 's': found = c == ' ' || (c >= 9 && c <= 13); break;
  case 'u': found = c >= 'A' && c <= 'Z'; break;
  case 'w': found = ascii && isalnum(c); break;
  case 'x': found = ascii && isxdigit(c); break;
  default: return name == c;
  }
  return (name & 32) != 0 ? found : !found;
}

/// Where the pattern's item for one character ends.
static const char *item_end(Matcher *m, const char *p) {
  char first = *p++;
  if (first == '%') {
    if (p == m->pattern_end) luaL_error(m->L, "a pattern ends with '%%'; a percent sign is written %%%%");
    return p + 1;
  }
  if (first != '[') return p;
  if (p < m->pattern_end && *p == '^') p++;
  do {
    if (p == m->pattern_end) luaL_error(m->L, "a '[' in a pattern has no ']'; the bracket itself is written %%[");
    if (*p++ == '%') {
      if (p == m->pattern_end) luaL_error(m->L, "a '[' in a pattern has no ']'; the bracket itself is written %%[");
      p++;
    }
  } while (p == m->pattern_end || *p != ']');
  return p + 1;
}

/// `p` is at '[' and `last` at its ']'.
static int is_in_set(Matcher *m, unsigned char c, const char *p, const char *last) {
  int wanted = 1;
  if (p[1] == '^') {
    wanted = 0;
    p++;
  }
  while (++p < last) {
    mw_charge(m->L, 1);
    if (*p == '%') {
      p++;
      if (is_in_class(c, (unsigned char)*p)) return wanted;
    } else if (p[1] == '-' && p + 2 < last) {
      if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2]) return wanted;
      p += 2;
    } else if ((unsigned char)*p == c) {
      return wanted;
    }
  }
  return !wanted;
}

static int is_match(Matcher *m, const char *s, const char *p, const char *end) {
  mw_charge(m->L, 1);
  if (s >= m->text_end) return 0;
  unsigned char c = (unsigned char)*s;
  switch (*p) {
  case '.': return 1;
  case '%': return is_in_class(c, (unsigned char)p[1]);
  case '[': return is_in_set(m, c, p, end - 1);
  default: return (unsigned char)*p == c;
  }
}

// --- a pattern ----------------------------------------------------------------------------------------------

static const char *match(Matcher *m, const char *s, const char *p);

static const char *begin_capture(Matcher *m, const char *s, const char *p, ptrdiff_t kind) {
  if (m->count >= CAPTURE_LIMIT) luaL_error(m->L, "a pattern has at most %d captures", CAPTURE_LIMIT);
  m->captures[m->count].start = s;
  m->captures[m->count].length = kind;
  m->count++;
  const char *end = match(m, s, p);
  if (end == NULL) m->count--;
  return end;
}

static const char *end_capture(Matcher *m, const char *s, const char *p) {
  int open = m->count - 1;
  while (open >= 0 && m->captures[open].length != CAPTURE_OPEN) open--;
  if (open < 0) luaL_error(m->L, "a ')' in a pattern has no '('; the bracket itself is written %%)");
  m->captures[open].length = s - m->captures[open].start;
  const char *end = match(m, s, p);
  if (end == NULL) m->captures[open].length = CAPTURE_OPEN;
  return end;
}

/// As many as there are, then fewer and fewer.
static const char *greedy(Matcher *m, const char *s, const char *p, const char *end) {
  ptrdiff_t count = 0;
  while (is_match(m, s + count, p, end)) count++;
  for (; count >= 0; count--) {
    const char *found = match(m, s + count, end + 1);
    if (found != NULL) return found;
  }
  return NULL;
}

/// As few as will do.
static const char *lazy(Matcher *m, const char *s, const char *p, const char *end) {
  for (;; s++) {
    const char *found = match(m, s, end + 1);
    if (found != NULL) return found;
    if (!is_match(m, s, p, end)) return NULL;
  }
}

/// Where the match of the pattern's rest ends that begins at `s`; NULL when there is none. Calls itself once for each
/// part of the pattern, so no deeper than the pattern is long.
static const char *match(Matcher *m, const char *s, const char *p) {
  for (;;) {
    mw_charge(m->L, 1);
    if (p == m->pattern_end) return s;
    if (*p == '(') {
      return p + 1 < m->pattern_end && p[1] == ')' ? begin_capture(m, s, p + 2, CAPTURE_PLACE)
                                                   : begin_capture(m, s, p + 1, CAPTURE_OPEN);
    }
    if (*p == ')') return end_capture(m, s, p + 1);
    if (*p == '$' && p + 1 == m->pattern_end) return s == m->text_end ? s : NULL;
    if (*p == '%' && p + 1 < m->pattern_end) {
      unsigned char next = (unsigned char)p[1];
      if (next == 'b' || next == 'f' || (next >= '0' && next <= '9')) {
        luaL_error(m->L, "patterns here have no '%%%c'", next);
      }
    }
    const char *end = item_end(m, p);
    char how = end < m->pattern_end ? *end : 0;
    switch (how) {
    case '*': return greedy(m, s, p, end);
    case '+': return is_match(m, s, p, end) ? greedy(m, s + 1, p, end) : NULL;
    case '-': return lazy(m, s, p, end);
    case '?':
      if (is_match(m, s, p, end)) {
        const char *found = match(m, s + 1, end + 1);
        if (found != NULL) return found;
      }
      p = end + 1;
      continue;
    default: break;
    }
    if (!is_match(m, s, p, end)) return NULL;
    s++;
    p = end;
  }
}

// --- what rules call ----------------------------------------------------------------------------------------

/// Prepares for the text and pattern at two indices; gives where the pattern begins.
static const char *prepare(lua_State *L, Matcher *m, int text, int pattern) {
  size_t length, pattern_length;
  m->L = L;
  m->text = luaL_checklstring(L, text, &length);
  m->text_end = m->text + length;
  const char *p = luaL_checklstring(L, pattern, &pattern_length);
  if (pattern_length > PATTERN_LIMIT) luaL_error(L, "a pattern has at most %d characters", PATTERN_LIMIT);
  m->pattern_end = p + pattern_length;
  return p;
}

static const char *try_at(Matcher *m, const char *s, const char *p) {
  m->count = 0;
  return match(m, s, p);
}

/// The first match from `s` on; its beginning in `from`. `p` is behind the anchor, if there is one.
static const char *search(Matcher *m, const char *s, const char *p, int anchored, const char **from) {
  for (; s <= m->text_end; s++) {
    const char *end = try_at(m, s, p);
    if (end != NULL) {
      *from = s;
      return end;
    }
    if (anchored) break;
  }
  return NULL;
}

static void push_capture(Matcher *m, int i, const char *from, const char *end) {
  if (i >= m->count) {
    lua_pushlstring(m->L, from, (size_t)(end - from));
    return;
  }
  const Capture *c = &m->captures[i];
  if (c->length == CAPTURE_OPEN) luaL_error(m->L, "a '(' in a pattern has no ')'; the bracket itself is written %%(");
  if (c->length == CAPTURE_PLACE) lua_pushinteger(m->L, (lua_Integer)(c->start - m->text) + 1);
  else lua_pushlstring(m->L, c->start, (size_t)c->length);
}

/// All captures; the whole match when there are none and it is wanted.
static int push_captures(Matcher *m, const char *from, const char *end, int whole) {
  int count = m->count == 0 && whole ? 1 : m->count;
  luaL_checkstack(m->L, count + 2, NULL);
  for (int i = 0; i < count; i++) push_capture(m, i, from, end);
  return count;
}

/// Where a search begins: the third argument, counted from the end when negative. NULL when that is behind the end.
static const char *start_of(lua_State *L, const Matcher *m) {
  lua_Integer length = (lua_Integer)(m->text_end - m->text), at = luaL_optinteger(L, 3, 1);
  if (at < 0) at = at < -length ? 1 : length + at + 1;
  if (at == 0) at = 1;
  return at > length + 1 ? NULL : m->text + (at - 1);
}

static int find_plain(lua_State *L) {
  size_t length, wanted_length;
  const char *text = luaL_checklstring(L, 1, &length), *wanted = luaL_checklstring(L, 2, &wanted_length);
  Matcher m = {.L = L, .text = text, .text_end = text + length};
  const char *s = start_of(L, &m);
  for (; s != NULL && (size_t)(m.text_end - s) >= wanted_length; s++) {
    mw_charge(L, 1 + (int64_t)wanted_length / 16);
    if (memcmp(s, wanted, wanted_length) != 0) continue;
    lua_pushinteger(L, (lua_Integer)(s - text) + 1);
    lua_pushinteger(L, (lua_Integer)(s - text) + (lua_Integer)wanted_length);
    return 2;
  }
  lua_pushnil(L);
  return 1;
}

static int find_or_match(lua_State *L, int find) {
  if (find && lua_toboolean(L, 4)) return find_plain(L);
  Matcher m;
  const char *p = prepare(L, &m, 1, 2);
  const char *s = start_of(L, &m), *from = NULL, *end = NULL;
  int anchored = p < m.pattern_end && *p == '^';
  if (s != NULL) end = search(&m, s, p + anchored, anchored, &from);
  if (end == NULL) {
    lua_pushnil(L);
    return 1;
  }
  if (!find) return push_captures(&m, from, end, 1);
  lua_pushinteger(L, (lua_Integer)(from - m.text) + 1);
  lua_pushinteger(L, (lua_Integer)(end - m.text));
  return 2 + push_captures(&m, from, end, 0);
}

static int string_find(lua_State *L) { return find_or_match(L, 1); }
static int string_match(lua_State *L) { return find_or_match(L, 0); }

/// The search knows text, pattern and, in `count`, where it goes on: behind the text's end when it is over. `line` is
/// the place behind the last match, from 1. No function may keep it.
static int gmatch_step(lua_State *L) {
  Thing *search_on = lua_touserdata(L, 1);
  lua_getiuservalue(L, 1, 1);
  lua_getiuservalue(L, 1, 2);
  int top = lua_gettop(L);
  Matcher m;
  const char *p = prepare(L, &m, top - 1, top), *from = NULL;
  const char *last = search_on->line > 0 ? m.text + search_on->line - 1 : NULL;
  for (const char *s = m.text + search_on->count; s <= m.text_end; s = from + 1) {
    const char *end = search(&m, s, p, 0, &from);
    if (end == NULL) break;
    // An empty match where the last one ended is none.
    if (end == last) continue;
    search_on->count = (int)(end - m.text);
    search_on->line = (int)(end - m.text) + 1;
    return push_captures(&m, from, end, 1);
  }
  search_on->count = (int)(m.text_end - m.text) + 1;
  lua_pushnil(L);
  return 1;
}

static int string_gmatch(lua_State *L) {
  luaL_checkstring(L, 1);
  luaL_checkstring(L, 2);
  lua_settop(L, 2);
  mw_new_thing(L, KIND_SEARCH, 2);
  for (int i = 1; i <= 2; i++) {
    lua_pushvalue(L, i);
    lua_setiuservalue(L, -2, i);
  }
  lua_createtable(L, 0, 1);
  mw_set_function(L, lua_gettop(L), "__call", gmatch_step);
  lua_setmetatable(L, -2);
  return 1;
}

/// Before it is added: never more in the buffer, which grows by doubling, than a text may have.
static inline void make_room(Matcher *m, const luaL_Buffer *b, size_t length) {
  if (luaL_bufflen(b) + length > MW_TEXT_LIMIT) luaL_error(m->L, "string.gsub would make a text longer than 64 KiB");
}

static inline void add_char(Matcher *m, luaL_Buffer *b, char c) {
  make_room(m, b, 1);
  luaL_addchar(b, c);
}

static void add_piece(Matcher *m, luaL_Buffer *b, const char *from, const char *end) {
  make_room(m, b, (size_t)(end - from));
  luaL_addlstring(b, from, (size_t)(end - from));
}

/// Adds the text or number on top of the stack, and takes it off.
static void add_top(Matcher *m, luaL_Buffer *b) {
  size_t length;
  lua_tolstring(m->L, -1, &length);
  make_room(m, b, length);
  luaL_addvalue(b);
}

/// Adds what a text puts in place of a match: %0 to %9 and %% have their meaning in it.
static void add_text(Matcher *m, luaL_Buffer *b, const char *from, const char *end) {
  size_t length;
  const char *text = lua_tolstring(m->L, 3, &length);
  // Captures may be empty: what is gone through says nothing of what comes out.
  mw_charge(m->L, 1 + (int64_t)length / 2);
  for (size_t i = 0; i < length; i++) {
    if (text[i] != '%') {
      add_char(m, b, text[i]);
      continue;
    }
    char c = ++i < length ? text[i] : 0;
    if (c == '%') {
      add_char(m, b, '%');
    } else if (c == '0') {
      add_piece(m, b, from, end);
    } else if (c >= '1' && c <= '9' && (c - '1' < m->count || c == '1')) {
      push_capture(m, c - '1', from, end);
      luaL_tolstring(m->L, -1, NULL);
      lua_remove(m->L, -2);
      add_top(m, b);
    } else {
      luaL_error(m->L, "in what string.gsub puts in, '%%' is followed by 0 to 9 (a capture that is there) or by '%%'");
    }
  }
}

static void add_value(Matcher *m, luaL_Buffer *b, const char *from, const char *end) {
  lua_State *L = m->L;
  switch (lua_type(L, 3)) {
  case LUA_TFUNCTION: {
    lua_pushvalue(L, 3);
    int count = push_captures(m, from, end, 1);
    lua_call(L, count, 1);
    break;
  }
  case LUA_TTABLE:
    push_capture(m, 0, from, end);
    lua_rawget(L, 3);
    break;
  default: add_text(m, b, from, end); return;
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    add_piece(m, b, from, end);
  } else if (lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER) {
    add_top(m, b);
  } else {
    luaL_error(L, "string.gsub puts texts or numbers in; found %s", mw_type_name(L, -1));
  }
}

static int string_gsub(lua_State *L) {
  Matcher m;
  const char *p = prepare(L, &m, 1, 2);
  int type = lua_type(L, 3);
  if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TTABLE && type != LUA_TFUNCTION) {
    return luaL_error(L, "string.gsub needs a text, a table or a function to put in, not %s", mw_type_name(L, 3));
  }
  lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)(m.text_end - m.text) + 1), done = 0;
  lua_settop(L, 3);
  if (type == LUA_TNUMBER) lua_tolstring(L, 3, NULL);
  int anchored = p < m.pattern_end && *p == '^';
  p += anchored;
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  const char *s = m.text, *last = NULL;
  while (done < most) {
    const char *end = try_at(&m, s, p);
    if (end != NULL && end != last) {
      done++;
      add_value(&m, &b, s, end);
      s = last = end;
    } else if (s < m.text_end) {
      add_char(&m, &b, *s++);
    } else {
      break;
    }
    if (anchored) break;
  }
  if (s < m.text_end) add_piece(&m, &b, s, m.text_end);
  mw_charge(L, (int64_t)luaL_bufflen(&b) / 16);
  luaL_pushresult(&b);
  lua_pushinteger(L, done);
  return 2;
}

void mw_add_patterns(lua_State *L, int string) {
  mw_set_function(L, string, "find", string_find);
  mw_set_function(L, string, "gmatch", string_gmatch);
  mw_set_function(L, string, "gsub", string_gsub);
  mw_set_function(L, string, "match", string_match);
}
