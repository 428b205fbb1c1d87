// Texts are compared by bytes: Lua compares them by the process's locale, with strcoll, and takes them apart at each NUL.
// An executable's own strcoll is the one that its libraries call, so this is what Lua's `<` and `<=` do, here and in
// table.sort: the same order in every process, charged by byte, and bounded.
#include "host.h"

#include <string.h>

/// Raises where a comparison goes through too many NULs. Lua saves its state before it compares, because comparing may
/// call a metamethod; so an error is allowed here.
int strcoll(const char *a, const char *b) {
  size_t length = strlen(a), other = strlen(b);
  int order = memcmp(a, b, (length < other ? length : other) + 1);
  MWHost *h = mw_calling;
  if (h == NULL) return order;
  int64_t cost = 1 + (int64_t)((length < other ? length : other) / 16);
  h->budget -= cost;
  h->since_look += cost;
  if (h->budget < 0 || h->since_look >= h->step) mw_wake(h);
  h->nuls = h->behind_compared == a ? h->nuls + 1 : 0;
  h->behind_compared = order == 0 ? a + length + 1 : NULL;
  if (h->nuls > MW_NUL_LIMIT) {
    h->nuls = 0;
    luaL_error(h->L, "texts with more than %d NUL characters cannot be ordered", MW_NUL_LIMIT);
  }
  return order;
}
