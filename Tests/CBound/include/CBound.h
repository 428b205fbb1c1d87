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
/// A bare libmosquitto subscriber (QoS 1, session kept, receive maximum 65,535) on 127.0.0.1: seconds from connecting
/// until it is subscribed and has read `count` messages; negative when it failed or took longer than two minutes.
double bound_drain(const char *client_id, int port, const char *filter, long count);

#endif
