/// What inputs mean: raised whenever the evaluator or the policy comes to other conclusions from the same inputs. Each
/// batch of the journal names the meaning it was decided under, and is replayed under that one; numbers are append-only.
package enum Meaning: Int, Sendable, Comparable, CaseIterable {
  /// A reading that moves by time alone is asked at every step of `every`, however long its tag has been silent, and no
  /// sample is too old to count.
  case evenSteps = 3
  /// The step grows with the silence, and a sample older than what reads its tag is past (S4).
  case growingSteps = 4

  package static let current = Meaning.growingSteps
  /// Of batches that name none: they are older than the names.
  package static let unnamed = Meaning.evenSteps

  package static func < (a: Meaning, b: Meaning) -> Bool { a.rawValue < b.rawValue }
}
