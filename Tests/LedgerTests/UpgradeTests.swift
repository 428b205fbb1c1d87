import Foundation
import GRDB
import Ledger
import Rules
import Testing

/// Ledgers of released schemas, kept as they were written: every later version must open them.
@Suite struct UpgradeTests {
  let folder = Folder()

  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/ledgers")

  private static let names =
    ((try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)) ?? []).filter { $0.hasSuffix(".sqlite") }

  private func copy(_ name: String) throws {
    try FileManager.default.copyItem(atPath: Self.fixtures.appending(path: name).path, toPath: folder.ledger)
  }

  @Test func there_is_a_ledger_of_each_schema() {
    #expect(Self.names.sorted() == (1...6).map { "schema\($0).sqlite" })
  }

  @Test(arguments: names.sorted())
  func a_ledger_of_an_earlier_version_opens_with_all_it_had_and_goes_on(_ name: String) throws {
    try copy(name)
    do {
      let ledger = try Ledger(path: folder.ledger)
      let next = try ledger.nextInput
      #expect(next > 1)
      try ledger.commit([.tick(SourceID(0), at(9_000))], decisions: [.make(9_000)])
      #expect(try ledger.nextInput == next + 1)
      var inputs: Int64 = 0
      var meanings: [Meaning] = []
      try ledger.replay(from: 1) { _, input in
        if case .meaning(let meaning) = input { meanings.append(meaning) } else { inputs += 1 }
      }
      #expect(inputs == next)
      let isOlderThanNames = name < "schema5.sqlite"
      #expect(
        meanings == (isOlderThanNames ? [.evenSteps, .growingSteps] : []),
        "what is older than the names is replayed as it was decided, and what is not needs no word")
      #expect(try ledger.standing(before: next).waiting.count == 1)
      #expect(try ledger.texts(Digest(hex: "c1")).count == 2)
    }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.verify().problem == nil)
    #expect(try reader.decisions().count == 4)
    #expect(try reader.decision(matching: "1")?.actions.first?.receipts.map(\.reference) == ["WO-1"])
    #expect(Set(try reader.actions().map(\.state)) == [.settled, .waiting, .ready, .unknown])
    #expect(try reader.conditions().count == 1)
  }

  /// Somebody looks before the new engine has run.
  @Test(arguments: names.sorted())
  func it_can_be_read_backed_up_and_restored_before_it_is_opened_for_writing(_ name: String) throws {
    try copy(name)
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.decisions().count == 3)
    #expect(try reader.actions().count == 4)
    #expect(try reader.halt() == nil)
    #expect(try reader.news().links.count == 1)
    #expect(try reader.decision(matching: "1") != nil)
    #expect(try reader.verify().problem == nil)
    _ = try reader.backUp(to: folder.path + "/backup.sqlite")
    let other = folder.path + "/other.sqlite"
    #expect(try Ledger.restore(from: folder.path + "/backup.sqlite", to: other, at: at(100)).unknown == 2)
    #expect(try LedgerReader(path: other).halt()?.who == "restore")
  }

  @Test func what_schema_3_added_is_read_as_it_was_written() throws {
    try copy("schema3.sqlite")
    do { _ = try Ledger(path: folder.ledger) }
    let reader = try LedgerReader(path: folder.ledger)
    let last = try #require(try reader.decision(matching: "3"))
    #expect(last.decision.limits == Self.limits)
    #expect(last.decision.follows == Decision.make(0).key)
    #expect(last.decision.actions.map(\.on) == [nil, Self.standby])
    #expect(try reader.decision(matching: "1")?.closings.map(\.at) == [at(60)])
    #expect(try reader.heldBack().map(\.heldBack.count) == [2])
    #expect(try reader.silences().map(\.silence) == Self.silences)
  }

  @Test func what_schema_4_added_is_read_as_it_was_written() throws {
    try copy("schema4.sqlite")
    do { _ = try Ledger(path: folder.ledger) }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.decision(matching: "3")?.decision.value == Self.value)
    #expect(try reader.losses(since: nil, asOf: .distantFuture, limit: 9) == [Self.loss])
    #expect(try reader.promotion(of: "pump_cavitation", logic: Digest(hex: "bb")).backtest == Self.figures)
    #expect(try reader.accounts(since: nil, asOf: .distantFuture).map(\.sum.measured).reduce(0, +) == 420_000)
  }

  /// From before accounts were kept.
  @Test func decisions_of_earlier_schemas_are_in_no_account_and_are_counted_as_such() throws {
    try copy("schema3.sqlite")
    do {
      let ledger = try Ledger(path: folder.ledger)
      let verdict = Instruction.Act.verdict(Decision.make(0).key, .falseAlarm, cost: nil, note: "")
      try ledger.commit([.command(.instructed(Instruction(person: "h.weber", at: at(70), act: verdict)))])
    }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.decisionsWithoutAccounts() == 3)
    #expect(try reader.accounts(since: nil, asOf: .distantFuture).isEmpty)
    #expect(try reader.verify().problem == nil)
  }

  private static let value = Valuation(
    column: .cash, modelled: Money(hundredths: 14_000, currency: "EUR"), cost: Money(hundredths: 350, currency: "EUR"),
    nuisance: Money(hundredths: 250, currency: "EUR"), author: "j.okafor")
  private static let loss = Loss(
    asset: "Riverside/Utilities/P-101", start: at(100), end: at(200), cause: "seal",
    cost: Money(hundredths: 800_000, currency: "EUR"), reference: "L-1")
  private static let figures = BacktestFigures(
    rule: "pump_cavitation", logic: Digest(hex: "bb"), from: at(0), to: at(100), decisions: 14, losses: 4, caught: 4,
    falseAlarms: 8, net: Money(hundredths: 6_720_000, currency: "EUR"))

  private static let limits = [
    Limit(name: "suction_low", value: 0.4), Limit(name: "wait", value: .duration(TimeSpan(microseconds: 1_500_000))),
    Limit(name: "phase", value: .state("Heating")),
    Limit(name: "map", value: Curve([Curve.Point(0, 0.1), Curve.Point(120, 35)]).map(LimitValue.curve) ?? 0),
  ]
  private static let standby = Action.Place(
    path: "Riverside/Utilities/P-102", assetClass: "CentrifugalPump", id: "102")
  private static let silences = [
    Silence(rule: "pump_cavitation", asset: nil, until: at(900), person: "h.weber"),
    Silence(rule: nil, asset: "Riverside/Utilities/P-101", until: nil, person: "h.weber"),
  ]

  /// Not a test: makes the fixture of the schema as it is now. To be run once, when it is released.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["MILLWRIGHT_MAKE_FIXTURE"] != nil))
  func make_the_fixture_of_this_schema() throws {
    do { try fill() }
    let schema = try DatabaseQueue(path: folder.ledger).read { db in
      try Int.fetchOne(db, sql: "SELECT schema FROM meta") ?? 0
    }
    let fixture = Self.fixtures.appending(path: "schema\(schema).sqlite").path
    try? FileManager.default.removeItem(atPath: fixture)
    _ = try LedgerReader(path: folder.ledger).backUp(to: fixture)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: fixture)
  }

  /// One of everything that can be in a ledger.
  private func fill() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.storeTexts(Digest(hex: "c1"), [("site", "site 1\n"), ("rules/pump_cavitation.lua", "rule {}\n")])
    try ledger.commit(
      JournalTests.inputs + [.source(SourceID(0), .caughtUp, at(6)), .death(Fault(rule: "r", asset: "a", cause: "x"))]
    ) {
      $0.marks = [MessageMark(source: SourceID(0), packet: 7, hash: 99)]
      $0.deadLetters = [
        DeadLetter(source: "plant", topic: "t", reason: "not JSON", detail: "at byte 1", payload: [123], arrived: at(5))
      ]
    }
    try ledger.commit(decisions: [.make(0)])
    let request = HTTPRequest(
      method: "POST", path: "/orders", headers: [("content-type", "application/json")], body: [123, 125])
    try ledger.due.keep(request, for: Attempt.make(0).action)
    try ledger.commit([.command(.attempted(.make(0)))])
    try ledger.commit(decisions: [.make(1)])
    try ledger.commit([.command(.attempted(.make(1, answered: .unknown("no answer"), next: .unknown)))])
    var last = Decision.make(2, actions: [.make(1, .waiting(expires: at(900))), .make(2)])
    (last.limits, last.follows, last.actions[1].on) = (Self.limits, Decision.make(0).key, Self.standby)
    last.value = Self.value
    var again = HeldBack.make
    (again.count, again.time) = (2, at(7))
    try ledger.commit(decisions: [last]) {
      $0.heldBack = [.make, again]
      $0.closings = [Closing(decision: Decision.make(0).key, time: at(60), cancels: true, actions: [])]
      $0.conditions = [
        ConditionRecord(
          rule: "pump_cavitation", asset: "Riverside/Utilities/P-101", phase: "active", since: at(2), blindSince: nil,
          blindReading: nil)
      ]
      $0.reports = [Report(.clockStep, time: at(3), text: "the clock of source plant was set back")]
      $0.pieces = [
        SnapshotPiece(
          next: 10, configuration: Digest(hex: "c1"), taken: at(6), place: 0, bytes: [1, 2, 3], isLast: true)
      ]
    }
    let decision = Decision.make(0).key
    let acts: [Instruction.Act] = [
      .verdict(decision, .confirmed, cost: Money(hundredths: 120_000, currency: "EUR"), note: "strainer"),
      .verdict(
        decision, .confirmed, cost: nil, worth: Money(hundredths: 420_000, currency: "EUR"), note: "and what it saved"),
      .losses([Self.loss], origin: "list"), .backtested(Self.figures), .halt(why: "a valve is open"), .resume,
      .retry(ActionKey(decision: decision, number: 1)),
      .shelve(rule: "pump_cavitation", asset: nil, until: at(900), why: "painting"),
      .takeOut(asset: "Riverside/Utilities/P-101", why: "overhaul"),
    ]
    try ledger.commit(acts.map { .command(.instructed(Instruction(person: "h.weber", at: at(50), act: $0))) })
    let status = OrderStatus(
      action: ActionKey(decision: decision, number: 1), at: at(60), standing: .done, cause: "strainer full",
      cost: Money(hundredths: 90_000, currency: "EUR"), started: at(51), done: at(59))
    let lookUp = LookUp(
      action: ActionKey(decision: Decision.make(1).key, number: 1), number: 1, began: at(40), ended: at(41),
      status: 503, answer: .unknown("status 503"), next: .unknown, due: at(400))
    try ledger.commit([.command(.followed(status)), .command(.lookedUp(lookUp))])
  }
}
