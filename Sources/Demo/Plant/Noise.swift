import Rules

/// The plant's randomness: SplitMix64, so that a seed gives the same plant on every machine and in every release.
struct Noise: Sendable {
  private var state: UInt64

  /// Each machine draws from its own stream, so that adding one leaves the others as they were.
  init(seed: UInt64, stream: Int) {
    state = seed
    let scrambled = bits() ^ UInt64(stream + 1) &* 0xD1B5_4A32_D192_ED03
    state = scrambled
  }

  private mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  private mutating func uniform() -> Double { Double(bits() >> 11) / Double(1 << 53) }

  /// Bell-shaped about 0 and never outside -1...1: what is in range stays in range.
  mutating func white() -> Double { (uniform() + uniform() + uniform()) * 2 / 3 - 1 }
}

/// A slow wander within -1...1: the weather of a measurement.
struct Drift: Sendable {
  private(set) var value = 0.0

  mutating func step(_ noise: inout Noise) -> Double {
    value = min(1, max(-1, value + 0.06 * noise.white()))
    return value
  }
}

/// From `a` to `b` as `share` goes from 0 to 1.
func blend(_ a: Double, _ b: Double, _ share: Double) -> Double { a + (b - a) * share }

/// A first-order lag: how far a value gets towards its target in one step.
func lagged(_ value: Double, towards target: Double, minutes: Double) -> Double {
  value + (target - value) * min(1, Plant.step.seconds / (minutes * 60))
}
