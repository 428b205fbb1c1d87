// The narrow host around one Lua 5.4 state. Every function here is total: it returns a status and never raises,
// because each body runs under lua_pcall. So longjmp only ever crosses C, and no lua_State is seen outside.
#ifndef CLUA_H
#define CLUA_H

#include <stddef.h>
#include <stdint.h>

#include "MWNote.h"

typedef struct MWHost MWHost;

typedef enum {
  MW_OK,
  MW_YES,
  MW_NO,
  /// A reading that is not good was looked at: mw_blind.
  MW_BLIND,
  /// A predicate returned something else than true or false: mw_name has the type.
  MW_NOT_BOOLEAN,
  /// A calculation returned neither a number nor nil: mw_name has the type.
  MW_NOT_NUMBER,
  MW_ERROR,
  MW_SYNTAX,
  /// mw_name was looked up in mw_scope.
  MW_UNKNOWN_NAME,
  MW_CAPTURED_TABLE,
  MW_ASSIGNS_GLOBAL,
  /// The instruction budget is used up. The state must be thrown away.
  MW_BUDGET,
  /// The time of the processor is used up: mw_time. The state must be thrown away.
  MW_TIME,
  /// An allocation was refused. The state must be thrown away.
  MW_MEMORY,
  /// Functions have called each other too deep. The state must be thrown away.
  MW_DEPTH,
} MWStatus;

typedef enum {
  MW_SCOPE_ENV,
  MW_SCOPE_MATH,
  MW_SCOPE_STRING,
  MW_SCOPE_TABLE,
  /// What is known of many assets at once: oven.zones.highest.
  MW_SCOPE_GROUP,
  MW_SCOPE_READINGS,
  MW_SCOPE_LIMITS,
} MWScope;

/// A reading that is not good ends the call; one that is absent is nil.
typedef enum { MW_NOT_GOOD, MW_ABSENT, MW_FALSE, MW_TRUE, MW_NUMBER, MW_TEXT, MW_GROUP } MWKind;

/// The numbers of a group, in this order; its text is `worst`.
enum { MW_HIGHEST, MW_HOW_MANY, MW_LOWEST, MW_MEAN, MW_SPREAD, MW_GROUP_NUMBERS };

/// One reading as a function sees it. Texts are set by mw_set_text.
typedef struct {
  MWKind kind;
  double number;
  char *text;
  size_t length, room;
  double group[MW_GROUP_NUMBERS];
} MWReading;

typedef enum { MW_LIMIT_NUMBER, MW_LIMIT_TEXT, MW_LIMIT_CURVE } MWLimitKind;

/// One limit as a function sees it. A curve is `count` pairs of x and y, x rising, at least one pair.
typedef struct {
  MWLimitKind kind;
  double number;
  const char *text;
  size_t length;
  const double *points;
  int count;
} MWLimit;

typedef struct {
  /// Bytes the state may hold at once.
  size_t memory;
  /// Instructions between two looks at the budget.
  int step;
  /// For tests: this many allocations succeed, then all fail; negative: none fails.
  int64_t allocations;
  /// Nanoseconds of its thread's processor time that a call may use; 0: as much as its instructions take.
  int64_t time;
} MWLimits;

// Values cross as bytes, integers little-endian: 'n' nil, 't' and 'f', 'd' and a double, 's' u32 and UTF-8,
// 'T' u32 values u32 (u32 name, value)...; outwards also 'F' u32 number u32 line and
// 'W' u32 line, u32 name, u8 called, u32 values.

/// A new state whose words are `config`: a list of the statement's name, the list of words, the list of words that
/// may be called inside functions too, and the list of those that are methods of what words give: v:of "x" is
/// of(v, "x"). NULL when there is no memory. Owned by the caller, for mw_close.
MWHost *mw_open(MWLimits limits, const uint8_t *config, size_t length);
/// Frees all; returns the bytes that were not given back, which is 0 unless the host has a bug.
size_t mw_close(MWHost *host);
/// From now on every call is noted in `place` (NULL: nowhere) as `caller`'s. The place must outlive the host.
void mw_note_calls(MWHost *host, MWPlace *place, uint32_t caller);
/// From now on a call costs what it passes on as varargs: for chunks that do so, because the hook costs each call.
void mw_charge_calls(MWHost *host);
/// For measuring: the longest time in nanoseconds between two looks at the budget, since it was last taken. With a step of
/// 1 that is the longest instruction, or stretch of a library call.
void mw_measure(MWHost *host);
int64_t mw_take_longest_stretch(MWHost *host);
/// Gives the chunk a function in C, under a name in its environment, before it is compiled. Nothing holds it back; it
/// is there so that tests can show what becomes of a call that spins or dies.
MWStatus mw_add_native(MWHost *host, const char *name, void (*function)(void));
/// Compiles text (never bytecode) without running it.
MWStatus mw_compile(MWHost *host, const char *text, size_t length);
/// Runs the compiled chunk once; mw_output then is the declared tree.
MWStatus mw_run(MWHost *host, int64_t instructions);
/// The line of the statement, 0 when the chunk had none.
int mw_statement_line(const MWHost *host);
/// Bytecode with debug information: of the chunk (0), or of the nth function that the declaration reaches.
/// MW_NO when there is no such function. In mw_output.
MWStatus mw_dump(MWHost *host, int function);
/// Gives the names of the argument tables: a list of the limits' names, and for each set of readings the list of theirs.
/// The first set is the rule's own, the others are those of its calculations.
MWStatus mw_bind(MWHost *host, const uint8_t *names, size_t length);
/// Where the readings of a set are to be written before a call; as many as were bound.
MWReading *mw_readings(MWHost *host, int set);
/// Copies a text into a reading and leaves its kind as it is; MW_MEMORY when there is no room.
MWStatus mw_set_text(MWHost *host, MWReading *reading, const char *text, size_t length);
/// From now on calls see these limits, as many as were bound; they must live until others are used or the names are bound
/// anew, which forgets them.
void mw_use_limits(MWHost *host, const MWLimit *limits);
/// Asks predicate `function` with the readings of a set.
/// `longest`, if not 0, is how many instructions the call can take at most, known from its code, which then must store
/// nothing in tables, call nothing and take no lengths: it runs without the hook, and on plain tables where it can.
MWStatus mw_ask(MWHost *host, int function, int set, int64_t instructions, int64_t longest);
/// The same for a function that gives a number: MW_OK with it in `result`, or MW_NO when it gave nil.
MWStatus mw_compute(
  MWHost *host, int function, int set, int64_t instructions, int64_t longest, double *result);
/// The same for a function that gives a list of words; mw_output then is what it gave.
MWStatus mw_make(MWHost *host, int function, int set, int64_t instructions);
/// Calls `function` with the values of a list; mw_output then is its first result.
MWStatus mw_call(MWHost *host, int function, const uint8_t *arguments, size_t length, int64_t instructions);

/// What the last call wrote; valid until the next.
const uint8_t *mw_output(const MWHost *host, size_t *length);
/// Why the last call failed: the message without its place, the line (0: unknown), the name and where it was sought.
const char *mw_message(const MWHost *host);
int mw_line(const MWHost *host);
/// The processor time in nanoseconds that a call had used when it was ended for it.
int64_t mw_time(const MWHost *host);
const char *mw_name(const MWHost *host);
MWScope mw_scope(const MWHost *host);
int mw_blind(const MWHost *host);
/// Charged to the budget by the last call.
int64_t mw_instructions(const MWHost *host);
size_t mw_memory(const MWHost *host);
/// The nth name of a scope (environment and libraries); NULL behind the last.
const char *mw_known(MWScope scope, int index);

#endif
