import Foundation
import Rules
import Synchronization

/// A work-order system that answers at random, also with what is not so, and dies at random between taking an order and
/// saying so. Its book is the truth that the ledger is held against.
final class RandomSystem: Sendable {
  private struct State {
    var dice: Dice
    var orders: [String: Int] = [:]
  }
  private let state: Mutex<State>
  /// Takes each key once.
  private let isIdempotent: Bool

  init(seed: UInt64, isIdempotent: Bool) {
    state = Mutex(State(dice: Dice(seed)))
    self.isIdempotent = isIdempotent
  }

  /// How many orders it has of a key.
  func count(_ key: String) -> Int { state.withLock { $0.orders[key] ?? 0 } }

  func answer(_ request: DeskServer.Request) -> DeskServer.Answer {
    let key = (request.header("Idempotency-Key") ?? "").trimmingCharacters(in: ["\""])
    return state.withLock { state in
      request.line.hasPrefix("POST")
        ? answer(toOrder: key, &state) : answer(toLookUp: request.line, &state)
    }
  }

  private func answer(toOrder key: String, _ state: inout State) -> DeskServer.Answer {
    let roll = state.dice.below(24)
    // Whoever made it before knows it, and each way of dying comes before and after making it.
    if roll >= 8 {
      state.orders[key] = isIdempotent ? 1 : state.orders[key, default: 0] + 1
    }
    switch roll {
    case 0, 8: return .reply(500)
    case 1, 9: return .reply(502, body: "<html>")
    case 2, 10: return .close
    case 3, 11: return .silence
    case 4, 12: return .garbage
    case 5: return .reply(503)
    case 6: return .reply(429, headers: ["Retry-After: 30"])
    case 7: return state.orders[key] == nil ? .reply(400) : .close
    case 13, 14: return .trickle
    default: return .reply(201, body: key)
    }
  }

  private func answer(toLookUp line: String, _ state: inout State) -> DeskServer.Answer {
    let key = line.split(separator: " ").dropFirst().first?.split(separator: "=").last.map(String.init) ?? ""
    switch state.dice.below(12) {
    case 0: return .reply(500)
    case 1: return .close
    case 2: return .garbage
    case 3: return .silence
    default: return state.orders[key] == nil ? .reply(404) : .reply(200, body: key)
    }
  }
}

/// How large random campaigns are: a few seconds, or with MILLWRIGHT_CAMPAIGN=large as long as it takes.
enum Campaign {
  static let isLarge = ProcessInfo.processInfo.environment["MILLWRIGHT_CAMPAIGN"] == "large"
  static func size(_ small: Int, large: Int) -> Int { isLarge ? large : small }
  /// The same seed each time in `make test`, a new one in the large campaigns; MILLWRIGHT_SEED repeats one.
  static let seed =
    ProcessInfo.processInfo.environment["MILLWRIGHT_SEED"].flatMap(UInt64.init)
    ?? (isLarge ? .random(in: 0 ... .max) : 20_260_301)
}

/// SplitMix64.
struct Dice: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}
