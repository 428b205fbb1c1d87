#ifndef CMEMORY_H
#define CMEMORY_H

#include <stddef.h>

/// Bytes that the process has allocated and not freed.
size_t memory_in_use(void);

#endif
