#ifndef CBOUND_H
#define CBOUND_H
#include <stdint.h>

/// The bound of the replay benchmark: fills the fields of one table and calls a Lua function with it and with a
/// table of limits, `calls` times, as plain C can do it: no hook, no sandbox, no blindness, no windows.
///
/// `source` is a chunk that returns the function. `values` holds `calls * fields` numbers, taken in turn.
/// Gives the seconds it took; negative when the chunk could not be loaded. `trues` counts the calls that said true.
double bound_run(const char *source, const char *const *names, int fields, const char *const *limit_names,
                 const double *limits, int limit_count, const double *values, int64_t calls, int64_t *trues);
#endif
