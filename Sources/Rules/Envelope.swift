/// What a setpoint request is judged by, at one moment: at its decision by data time, when claimed by the wall clock.
package struct SetpointRequest: Sendable, Equatable {
  package var conduit: Conduit
  /// Absolute, fixed at the decision.
  package var target: Double
  package var validUntil: Instant
  package var now: Instant
  /// What the tag and the permissive are now; nil when that is not good.
  package var present: Value?
  package var permissive: Value?
  package init(
    conduit: Conduit, target: Double, validUntil: Instant, now: Instant, present: Value?, permissive: Value?
  ) {
    self.conduit = conduit
    self.target = target
    self.validUntil = validUntil
    self.now = now
    self.present = present
    self.permissive = permissive
  }
}

/// Why a setpoint is not changed: a closed set.
package enum SetpointRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// It was relative to a tag that was not good.
  case noTarget(tag: String)
  case noConduit
  /// The conduit leads through another adapter than the site sends setpoints to, which may be none.
  case otherAdapter(conduit: String, adapter: String)
  case notFinite
  case late(validUntil: Instant)
  /// The request carries no time limit.
  case unlimited
  case clockNotTrusted
  case outside(target: Double, ClosedRange<Double>)
  case presentNotGood(tag: String)
  /// The tag conduit and target speak of is no number.
  case notANumber(tag: String)
  case stepTooLarge(from: Double, to: Double, largest: Double)
  case permissiveNotGood(tag: String)
  case permissiveOff(tag: String)
  /// Another request for the same tag is still open.
  case alreadyOpen(tag: String, until: Instant)

  package var description: String {
    switch self {
    case .noTarget(let tag): "\(tag) is not good, so it cannot be changed relatively"
    case .noConduit: "no conduit"
    case .otherAdapter(let conduit, let adapter):
      "conduit \(conduit) leads through \(adapter), and the site does not send this there"
    case .notFinite: "the target is no finite number"
    case .late(let until): "too late: it was valid until \(until)"
    case .unlimited: "it has no time limit"
    case .clockNotTrusted: "the wall clock is not believed, so nobody can tell whether it is late"
    case .outside(let target, let range):
      "target \(plain(target)) is outside \(plain(range.lowerBound)) to \(plain(range.upperBound))"
    case .presentNotGood(let tag): "the present value of \(tag) is not good"
    case .notANumber(let tag): "\(tag) is no number"
    case .stepTooLarge(let from, let to, let largest):
      "from \(plain(from)) to \(plain(to)) is a larger step than \(plain(largest))"
    case .permissiveNotGood(let tag): "permissive \(tag) is not good"
    case .permissiveOff(let tag): "permissive \(tag) is off"
    case .alreadyOpen(let tag, let until): "another change of \(tag) is open until \(until)"
    }
  }
}

/// What every setpoint request must keep to, whatever rule asked for it. Run at the decision, and again with what is
/// known when the request is claimed.
package enum Envelope {
  package typealias Check = @Sendable (SetpointRequest) -> SetpointRefusal?

  /// In this order; the first that refuses gives the reason. What else the envelope is to hold (rate, cool-down,
  /// changes a day, reversals, departure from what a person set) is one more check here and one more field of the
  /// request.
  package static let checks: [Check] = [finite, inTime, inRange, step, permitted]

  package static func refusal(of request: SetpointRequest) -> SetpointRefusal? {
    for check in checks {
      if let refusal = check(request) { return refusal }
    }
    return nil
  }

  private static let finite: Check = { $0.target.isFinite ? nil : .notFinite }

  private static let inTime: Check = { $0.now >= $0.validUntil ? .late(validUntil: $0.validUntil) : nil }

  private static let inRange: Check = {
    $0.conduit.range.contains($0.target) ? nil : .outside(target: $0.target, $0.conduit.range)
  }

  private static let step: Check = { request in
    guard let present = request.present else { return .presentNotGood(tag: request.conduit.tag) }
    guard case .number(let from) = present else { return .notANumber(tag: request.conduit.tag) }
    // A step of just the largest size may be a last digit more, by the rounding of the sum it was made with.
    let rounding = max(from.magnitude, request.target.magnitude).ulp
    guard (request.target - from).magnitude <= request.conduit.largestStep + rounding else {
      return .stepTooLarge(from: from, to: request.target, largest: request.conduit.largestStep)
    }
    return nil
  }

  private static let permitted: Check = { request in
    switch request.permissive {
    case .boolean(true)?: nil
    case .boolean(false)?: .permissiveOff(tag: request.conduit.permissive)
    default: .permissiveNotGood(tag: request.conduit.permissive)
    }
  }
}
