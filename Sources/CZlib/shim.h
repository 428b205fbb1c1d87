// zlib's inflateInit2 is a macro, which Swift cannot call.
#ifndef MILLWRIGHT_CZLIB_SHIM_H
#define MILLWRIGHT_CZLIB_SHIM_H

#include <zlib.h>

// Reads gzip, with its header and check sum.
static inline int zlib_begin_gunzip(z_stream *stream) { return inflateInit2(stream, 15 + 16); }

#endif
