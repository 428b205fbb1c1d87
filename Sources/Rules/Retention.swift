/// How much of the journal is kept. Decisions, and what came of them, are kept for good: a decision holds its own
/// evidence and does not need the inputs it came of.
package struct Retention: Sendable, Equatable {
  /// Inputs older than this may go,
  package var age: TimeSpan
  /// and the oldest ones when the file is larger than this many bytes.
  package var size: Int64
  package init(age: TimeSpan = .hours(24 * 90), size: Int64 = 10 << 30) {
    self.age = age
    self.size = size
  }
}
