import Foundation

/// How large random campaigns are: a few seconds, or with MILLWRIGHT_CAMPAIGN=large as long as it takes.
package enum Campaign {
  package static let isLarge = ProcessInfo.processInfo.environment["MILLWRIGHT_CAMPAIGN"] == "large"
  package static func size(_ small: Int, large: Int) -> Int { isLarge ? large : small }
  /// The same seed each time in `make test`, a new one in the large campaigns; MILLWRIGHT_SEED repeats one.
  package static let seed =
    ProcessInfo.processInfo.environment["MILLWRIGHT_SEED"].flatMap(UInt64.init)
    ?? (isLarge ? .random(in: 0 ... .max) : 20_260_301)
}

/// SplitMix64.
package struct Dice: RandomNumberGenerator {
  package var state: UInt64
  package init(_ seed: UInt64) { state = seed }
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  package mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
  package mutating func one<T>(_ of: [T]) -> T { of[below(of.count)] }
}
