/// The whole state between two batches, as bytes: what recovery begins with instead of the journal's beginning.
package struct Snapshot: Sendable, Equatable {
  /// Layout of the bytes: 3 lacks what is said of past samples and of whole rules' faults, 4 what a restore leaves in
  /// doubt.
  package static let format = 5
  /// The layouts that are read.
  package static let formats = 3...format

  /// Of its bytes.
  package var layout = Snapshot.format
  /// The first input that it does not hold.
  package var next: Int64
  package var configuration: Digest
  /// Wall clock.
  package var taken: Instant
  package var bytes: [UInt8]
  package init(next: Int64, configuration: Digest, taken: Instant, bytes: [UInt8]) {
    self.next = next
    self.configuration = configuration
    self.taken = taken
    self.bytes = bytes
  }
}

/// A part of a snapshot, small enough to ride with a batch.
package struct SnapshotPiece: Sendable, Equatable {
  package static let size = 256 << 10

  /// Of the snapshot it is a part of.
  package var next: Int64
  package var configuration: Digest
  package var taken: Instant
  /// From 0.
  package var place: Int
  package var bytes: [UInt8]
  /// With this one it is whole.
  package var isLast: Bool
  package init(next: Int64, configuration: Digest, taken: Instant, place: Int, bytes: [UInt8], isLast: Bool) {
    self.next = next
    self.configuration = configuration
    self.taken = taken
    self.place = place
    self.bytes = bytes
    self.isLast = isLast
  }
}

extension Snapshot {
  /// It in pieces, in order.
  package var pieces: [SnapshotPiece] {
    stride(from: 0, to: max(bytes.count, 1), by: SnapshotPiece.size).enumerated().map { place, start in
      let end = min(start + SnapshotPiece.size, bytes.count)
      return SnapshotPiece(
        next: next, configuration: configuration, taken: taken, place: place, bytes: Array(bytes[start..<end]),
        isLast: end == bytes.count)
    }
  }
}
