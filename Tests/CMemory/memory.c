#include "CMemory.h"

#include <malloc.h>

size_t memory_in_use(void) {
  struct mallinfo2 found = mallinfo2();
  return found.uordblks + found.hblkhd;
}
