// Shared by the files of this target only.
#ifndef MW_HOST_H
#define MW_HOST_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "CLua.h"
#include "note.h"

// What one instruction goes through is bounded, because no hook can interrupt it: none takes longer than 100 µs.
// `bench sandbox` measures each at its bound.

/// No text may be longer.
#define MW_TEXT_LIMIT 65536
/// A table has at most this many entries under names, and in a list.
#define MW_NAMES_LIMIT 2048
#define MW_LIST_LIMIT 4096
/// Values on the stack of a call; the first instruction after it has grown beyond that ends the call.
#define MW_STACK_LIMIT 2560
/// NUL characters that a comparison goes through: the library takes a text apart at each.
#define MW_NUL_LIMIT 1024
/// How often a call may fill its memory and go on, once what it no longer needs is collected: each time takes long.
#define MW_REFILLS 2
#define MW_OUTPUT_LIMIT (4 * 1024 * 1024)
#define MW_DEPTH_LIMIT 64

/// Where a name was last found, by its address.
typedef struct { const void *name; int place; } MWFound;

/// What a field of a plain table is, of a kind that needs no memory: a number's bits, true or false.
typedef struct { MWKind kind; uint64_t bits; } MWPlain;

/// One table of readings, as the functions that get it see it.
typedef struct {
  MWReading *readings;
  int count;
  MWFound found[16];
  MWPlain *plain;     // what its plain table holds, by reading
} MWSet;

struct MWHost {
  lua_State *L;
  size_t used, cap;
  int64_t allocations;
  int64_t budget, granted;
  int step;
  int hooked;         // the count hook is set
  int expired;        // the budget ran out: whatever the call returned is void
  int overtime;       // what ran out was the time
  int64_t time_limit; // nanoseconds of processor time in a call; 0: none
  int clocked;        // the call under way is held to it
  int64_t since_look; // charged since the last look at the clock
  int stride;         // instructions to the next look: few at first and where they take long, else `step`
  int64_t cpu_from, wall_from;  // when the clock was first looked at, 0: not yet
  int64_t wall_last;  // and when last
  int64_t used_time;
  int measuring;      // keep the longest time between two looks
  int64_t last_look, longest_stretch;
  int calls_charged;  // the chunk passes varargs on: each call is charged by how many there are
  int unbounded;      // the host's own values are made, or a text is compiled: blocks may be larger
  void *stack;        // the block of Lua's stack
  void *newest_block; // of no object: a stack that grows or shrinks moves there before the old block is freed
  size_t newest_size;
  void *short_texts;  // the block of the table of all short texts, which may be as large as it must
  int too_deep;       // the stack has grown beyond its limit
  int times_full;     // how often the call under way has filled its memory
  const char *refused;  // why an allocation was refused; NULL: the memory was used up
  const char *behind_compared;  // where a comparison goes on that a NUL interrupted
  int nuls;
  int loading;        // the chunk runs: words may be used
  int declared;       // the statement was called
  int statement_line;
  MWStatus cause;     // why an error with our sentinel was raised
  MWScope scope;
  int line, blind;
  char name[160];
  char message[1024];
  MWSet *sets;
  int set_count;
  MWSet *set;         // whose readings the call under way sees
  const MWLimit *limits;           // which limits the call under way sees
  const MWLimit *limits_in_force;  // those that the next calls will see
  int answering;      // a question is asked: no words may be called
  MWFound found_limits[16];
  int limit_count;
  int plain_limits;   // all of them are numbers, and the plain table has them
  MWPlace *place;   // where calls are noted; NULL: nowhere
  uint32_t caller;
  uint8_t *out;
  size_t out_length, out_room;
};

/// Every userdata a chunk can get hold of begins with one of these.
typedef enum { KIND_LIBRARY, KIND_ARGUMENT, KIND_WORD, KIND_VALUE, KIND_WALK, KIND_SEARCH, KIND_GROUP, KIND_CURVE } Kind;
typedef struct {
  Kind kind;
  int line;       // KIND_VALUE: where the word was called; KIND_SEARCH: behind which place the last match ended
  int count;      // KIND_VALUE: how many arguments; KIND_SEARCH: where to go on; else which reading or limit
  int in_calls;   // KIND_WORD: may be called inside functions
} Thing;

// Places on the state's own stack that stay filled.
enum {
  SLOT_HANDLER = 1, SLOT_READINGS, SLOT_SETS, SLOT_LIMITS,
  // All plain tables, and those of the rule's own readings and of the limits once more: asked for at every change.
  SLOT_PLAIN, SLOT_PLAIN_READINGS, SLOT_READING_NAMES, SLOT_PLAIN_LIMITS,
  SLOT_FUNCTIONS, SLOT_REACHED, SLOT_CHUNK, SLOT_ENV, SLOT_DECLARED,
};

/// Bytes that cross, for a body that is called protected.
typedef struct { const uint8_t *bytes; size_t length; } Span;

static inline MWHost *host_of(lua_State *L) { return *(MWHost **)lua_getextraspace(L); }

void *mw_realloc(MWHost *h, void *block, size_t old, size_t new);
/// For Lua, within the memory and the sizes that a state may have.
void *mw_allocator(void *host, void *block, size_t old, size_t new);
/// Begins the budget of a call, of instructions and, where calls are clocked, of time.
void mw_grant(MWHost *h, int64_t instructions);
/// Forgets why the last call failed.
static inline void mw_clear(MWHost *h) {
  h->cause = MW_ERROR;
  h->line = 0;
  h->expired = 0;
  h->overtime = 0;
  h->too_deep = 0;
  h->times_full = 0;
  h->refused = NULL;
  h->cpu_from = 0;
  h->since_look = 0;
  h->nuls = 0;
  h->behind_compared = NULL;
  h->name[0] = 0;
  h->message[0] = 0;
}
/// What a protected call's outcome means. The error value is on top of the stack and is taken off.
MWStatus mw_failed(MWHost *h, int rc);
/// Calls what is under `arguments` values on top of the stack, protected, and leaves `results` there.
int mw_noted_call(MWHost *h, int arguments, int results);
/// The same within a budget, with the hook that counts.
int mw_protected_call(MWHost *h, int arguments, int results, int64_t instructions);
void mw_free_sets(MWHost *h);
/// Takes n from the budget; raises when it or the time is used up.
void mw_charge(lua_State *L, int64_t n);
/// Has the budget and the clock looked at before the next instruction, where the hook is set.
void mw_wake(MWHost *h);
/// Ends the call for a reason that needs no allocation to tell.
int mw_raise(lua_State *L, MWStatus cause, const char *name);
int mw_current_line(lua_State *L, int level);

/// Pushes the environment the chunk gets; the config table is at index 1.
void mw_push_environment(lua_State *L);
/// Leaves the metatables of groups and curves in the registry.
void mw_add_argument_kinds(lua_State *L);
/// Pushes the argument table for the list of names on top (taken); for readings or limits.
void mw_push_argument(lua_State *L, int readings);
/// Pushes a table with a field for each of the names in the list at `names`, and what the argument at `argument` does
/// about other fields.
void mw_push_plain_argument(lua_State *L, int names, int argument);
/// Pushes an array of the table's keys at `index`, numbers before texts before booleans, each in order.
void mw_push_sorted_keys(lua_State *L, int index);
/// What a person would call the type of the value.
const char *mw_type_name(lua_State *L, int index);

/// Pushes the value that the bytes hold; raises when they are not one.
void mw_push_value(lua_State *L, const uint8_t *bytes, size_t length);
/// Writes the value at the top to the output; functions get numbers in SLOT_FUNCTIONS when `functions`.
void mw_write_value(lua_State *L, int functions);
int mw_append(MWHost *h, const void *bytes, size_t length);

/// Whether calls are noted at a place where no clock applies.
int mw_place_unclocked(const MWPlace *place);
/// The host whose call is under way on this thread; NULL: none.
extern _Thread_local MWHost *mw_calling;

#endif
