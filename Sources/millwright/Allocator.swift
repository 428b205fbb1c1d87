import CAllocator

/// Large arrays get pages of their own, which the system has back when they go. Left to itself the allocator of glibc
/// raises its bound with each large array that goes, and keeps what a snapshot took for its time.
package func giveLargeArraysBack() {
  // Under the size of a snapshot's piece. Whether the allocator took it changes no result, only what is resident.
  _ = mallopt(M_MMAP_THRESHOLD, 128 << 10)
}
