import Ledger
import Rules

/// What an engine does to its ledger, made up from a seed: batches with all that may be in one, claims, requests,
/// answers, snapshots in pieces, cuts of the journal, and now and then a stop and a start. What a step does depends
/// on the seed and the step alone, and nothing but a stop is more than one commit of what must not be lost.
package struct WriterScript {
  package private(set) var ledger: Ledger?
  private let path: String
  private let seed: UInt64
  private var claim: Claim?
  /// Pieces of the snapshot under way.
  private var pieces: [SnapshotPiece] = []

  package static let configuration = Digest(hex: "cc")
  private static let assets = (1...5).map { "Riverside/Utilities/P-10\($0)" }

  package init(path: String, seed: UInt64) {
    self.path = path
    self.seed = seed
  }

  /// Steps are taken in order, from 0.
  package mutating func take(_ step: Int) throws {
    var dice = SplitMix(seed &* 1_000_003 &+ UInt64(step))
    let now = Instant(seconds: 1_760_000_000 + Int64(step))
    if step % 45 == 0 { ledger = nil }
    // Small, so that the journal is cut.
    // What is recorded must be the same each time: the clock stands still.
    let ledger =
      try self.ledger
      ?? Ledger(
        path: path, keep: Retention(age: .seconds(30), size: 300_000), clock: { Instant(seconds: 1_760_000_000) })
    self.ledger = ledger
    let queue = ledger.actionQueue(report: { _ in })
    switch step % 5 {
    case 1:
      // Fresh actions are due from their commit on, by the wall clock.
      claim = try queue.claim(adapter: "desk", now: Instant(seconds: 4_000_000_000))
    case 2:
      guard let claim else { return try commit(to: ledger, at: now, &dice) }
      try queue.keep(
        HTTPRequest(method: "POST", path: "/orders", headers: [], body: [UInt8](claim.wireKey.utf8)), for: claim.key)
    case 3:
      try commit(to: ledger, at: now, &dice)
    case 4 where dice.below(3) == 0:
      try ledger.tidy(now: now)
    default:
      try commit(to: ledger, at: now, &dice)
    }
  }

  private mutating func commit(to ledger: Ledger, at now: Instant, _ dice: inout SplitMix) throws {
    var batch = Batch(firstInput: try ledger.nextInput)
    if batch.firstInput == 1 { batch.inputs.append(.config(Self.configuration)) }
    if let claim {
      batch.inputs.append(
        .command(
          .attempted(
            Attempt(
              action: claim.key, number: claim.attempt, began: now, ended: now, status: 201,
              receipt: .accepted(reference: "WO-\(batch.firstInput)"), next: .settled, due: nil))))
      self.claim = nil
    }
    // Most batches are of a page or two, some of many.
    for place in 0..<(dice.below(8) == 0 ? 4_000 : dice.below(60)) {
      batch.inputs.append(
        .change(TagChange(TagID(dice.below(40)), .number(Double(place) / 8), time: now, arrived: now)))
      batch.marks.append(
        MessageMark(source: SourceID(0), packet: UInt16(place + 1), hash: UInt64.random(in: 0 ... .max, using: &dice)))
    }
    if dice.below(2) == 0 { batch.decisions.append(decision(of: batch.firstInput, at: now, &dice)) }
    let asset = Self.assets[dice.below(5)]
    if dice.below(3) == 0 {
      batch.heldBack.append(
        HeldBack(
          rule: "pump_cavitation", asset: asset, time: now, since: now, reason: .atMost(until: now + .hours(8)),
          evidence: [Evidence(name: "suction", value: .number(0.25), unit: "bar g")]))
    }
    if dice.below(3) == 0 {
      batch.conditions.append(
        ConditionRecord(
          rule: "pump_cavitation", asset: asset, phase: "active", since: now, blindSince: nil, blindReading: nil))
      batch.reports.append(Report(.chattering, time: now, asset: asset, text: "three times in a minute"))
      batch.deadLetters.append(
        DeadLetter(
          source: "plant", topic: asset, reason: "not JSON", detail: "at byte 1", payload: [1, 2, 3], arrived: now))
    }
    if pieces.isEmpty, dice.below(3) == 0, batch.firstInput > 1 {
      let size = dice.below(2) == 0 ? 900 : 600_000
      pieces =
        Snapshot(
          next: batch.firstInput, configuration: Self.configuration, taken: now,
          bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(batch.firstInput)) }
        ).pieces
    }
    if !pieces.isEmpty { batch.pieces = [pieces.removeFirst()] }
    try ledger.commit(batch)
  }

  private func decision(of input: Int64, at now: Instant, _ dice: inout SplitMix) -> Decision {
    let asset = Self.assets[dice.below(5)]
    let suction = Double(dice.below(40)) / 100
    return Decision(
      key: DecisionKey(rule: "pump_cavitation", asset: asset, time: now), title: "Pump cavitation",
      owner: "rotating-equipment", since: now - .minutes(2),
      evidence: [
        Evidence(name: "suction", value: .number(suction), unit: "bar g"),
        Evidence(name: "running", value: .boolean(true), unit: nil),
      ], limits: [Limit(name: "suction_low", value: 0.4)], checkFirst: ["suction valve open"], consequence: .economic,
      textHash: Digest(hex: "aa"), logicHash: Digest(hex: "bb"), tier: .act,
      actions: (1...(1 + dice.below(2))).map {
        Action(
          number: $0, kind: .workOrder, title: "Check strainer of \(asset)", text: "Suction \(suction) bar g",
          priority: 2, adapter: "desk", standing: .ready)
      }, assetIDs: [("desk", "\(input)")], assetClass: "CentrifugalPump")
  }
}

package struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  package init(_ seed: UInt64) { state = seed }
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  package mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}

extension ActionQueue {
  /// The next action to be sent, for an adapter that can do nothing else.
  package func claim(adapter: String, now: Instant) throws -> Claim? {
    guard case .send(let claim)? = try next(adapter: adapter, skills: [], now: now) else { return nil }
    return claim
  }
}
