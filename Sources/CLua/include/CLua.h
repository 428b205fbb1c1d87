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
  MW_ERROR,
  MW_SYNTAX,
  /// mw_name was looked up in mw_scope.
  MW_UNKNOWN_NAME,
  MW_CAPTURED_TABLE,
  MW_ASSIGNS_GLOBAL,
  /// The instruction budget is used up. The state must be thrown away.
  MW_BUDGET,
  /// An allocation was refused. The state must be thrown away.
  MW_MEMORY,
} MWStatus;

typedef enum { MW_SCOPE_ENV, MW_SCOPE_MATH, MW_SCOPE_STRING, MW_SCOPE_TABLE, MW_SCOPE_READINGS, MW_SCOPE_LIMITS } MWScope;

typedef enum { MW_NOT_GOOD, MW_FALSE, MW_TRUE, MW_NUMBER, MW_TEXT } MWKind;

/// One reading as a predicate sees it. Texts are set by mw_set_text.
typedef struct {
  MWKind kind;
  double number;
  char *text;
  size_t length, room;
} MWReading;

typedef struct {
  /// Bytes the state may hold at once.
  size_t memory;
  /// Instructions between two looks at the budget.
  int step;
  /// For tests: this many allocations succeed, then all fail; negative: none fails.
  int64_t allocations;
} MWLimits;

// Values cross as bytes, integers little-endian: 'n' nil, 't' and 'f', 'd' and a double, 's' u32 and UTF-8,
// 'T' u32 values u32 (u32 name, value)...; outwards also 'F' u32 number u32 line and
// 'W' u32 line, u32 name, u8 called, u32 values.

/// A new state whose words are `config`: a list of the statement's name, the list of words and the list of words
/// that may be called inside functions too. NULL when there is no memory. Owned by the caller, for mw_close.
MWHost *mw_open(MWLimits limits, const uint8_t *config, size_t length);
/// Frees all; returns the bytes that were not given back, which is 0 unless the host has a bug.
size_t mw_close(MWHost *host);
/// From now on every call is noted in `place` (NULL: nowhere) as `caller`'s. The place must outlive the host.
void mw_note_calls(MWHost *host, MWPlace *place, uint32_t caller);
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
/// Gives the names of the two argument tables: a list of two lists.
MWStatus mw_bind(MWHost *host, const uint8_t *names, size_t length);
/// Where the readings are to be written before mw_ask; as many as were bound.
MWReading *mw_readings(MWHost *host);
/// Copies a text into a reading; MW_MEMORY when there is no room.
MWStatus mw_set_text(MWHost *host, int reading, const char *text, size_t length);
/// Asks predicate `function`; `limits` must live until it returns.
/// `longest`, if not 0, is how many instructions the call can take at most, known from its code: it runs without the hook.
MWStatus mw_ask(MWHost *host, int function, const double *limits, int64_t instructions, int64_t longest);
/// Calls `function` with the values of a list; mw_output then is its first result.
MWStatus mw_call(MWHost *host, int function, const uint8_t *arguments, size_t length, int64_t instructions);

/// What the last call wrote; valid until the next.
const uint8_t *mw_output(const MWHost *host, size_t *length);
/// Why the last call failed: the message without its place, the line (0: unknown), the name and where it was sought.
const char *mw_message(const MWHost *host);
int mw_line(const MWHost *host);
const char *mw_name(const MWHost *host);
MWScope mw_scope(const MWHost *host);
int mw_blind(const MWHost *host);
/// Charged to the budget by the last call.
int64_t mw_instructions(const MWHost *host);
size_t mw_memory(const MWHost *host);
/// The nth name of a scope (environment and libraries); NULL behind the last.
const char *mw_known(MWScope scope, int index);

#endif
