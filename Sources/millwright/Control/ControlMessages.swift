import Foundation
import Rules

/// What a subcommand asks of the running engine, one line of JSON: `{"halt":{"why":"valve open"}}`. Who asks is not in
/// it: the kernel says that.
enum ControlRequest: Codable, Sendable, Equatable {
  /// How the engine is. Needs no name.
  case health
  /// `action` is the number of one of the decision's actions; nil is all that wait.
  case approve(decision: String, action: Int?)
  case reject(decision: String, action: Int?, why: String)
  /// An action's number in the ledger, or its key.
  case retry(action: String)
  case drop(action: String, why: String)
  case verdict(decision: String, found: String, cost: String?, worth: String?, note: String)
  case halt(why: String)
  /// `anyway`: although actions are still to be looked up.
  case resume(anyway: Bool)
  /// The new version of a rule takes the place of the one that acts.
  case release(rule: String)
  /// An asset is named by its path or the end of it; nil is all.
  case shelve(rule: String, asset: String?, span: String, why: String)
  case unshelve(rule: String, asset: String?)
  case takeOut(asset: String, why: String)
  case putBack(asset: String)
  case reset(rule: String, asset: String)
  /// Assets by their paths.
  case losses([Loss], origin: String)
  case backtested(BacktestFigures)
  /// Skipped messages, by their numbers in the ledger.
  case takeLetter(Int64)
  case dropLetter(Int64, why: String)

  /// What is booked by the site's prices.
  var concernsMoney: Bool {
    switch self {
    case .verdict, .losses: true
    default: false
    }
  }
}

/// The answer, one line of JSON.
enum ControlAnswer: Codable, Sendable, Equatable {
  /// It is on disk; what is true now, for people.
  case done(lines: [String])
  /// It does not apply to what is there; nothing was changed.
  case refused(why: String)
  /// Something went wrong, or the asker may not.
  case failed(why: String)
  case health(HealthReport)
}

extension ControlRequest {
  var line: Data { get throws { try lineEncoder().encode(self) } }
  init(line: [UInt8]) throws { self = try JSONDecoder().decode(ControlRequest.self, from: Data(line)) }
}

extension ControlAnswer {
  var line: Data { get throws { try lineEncoder().encode(self) } }
  init(line: [UInt8]) throws { self = try JSONDecoder().decode(ControlAnswer.self, from: Data(line)) }
}

private func lineEncoder() -> JSONEncoder {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return encoder
}
