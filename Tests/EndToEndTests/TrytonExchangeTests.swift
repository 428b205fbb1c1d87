import Campaigns
import Delivery
import Foundation
import Rules
import Scripting
import Testing

/// What the adapter's functions ask of Tryton and read in its answers: played from the recordings beside the adapter,
/// and against a real one, which must still answer as it did when they were made.
///
/// After a change of the adapter or of the steps, `MILLWRIGHT_RECORD=1 swift test -c release --filter
/// TrytonExchangeTests` makes the recordings anew.
@Suite struct TrytonExchangeTests {
  static let folder = Workplace.root + "/integrations/tryton"

  enum Question: String { case request, lookup, status, comment, losses, lookup_open }

  /// One thing that happens, in order.
  enum Step {
    /// The engine asks, by one of the adapter's functions.
    case ask(String, Question, Tree, settings: Tree = works, key: Key = .valid)
    /// Somebody does something in Tryton.
    case inTryton(@Sendable (Tryton) throws -> Void)
  }
  enum Key { case valid, unknown }

  struct Recording: Codable {
    var what: String
    var function: String
    var method: String
    var path: String
    var body: String
    var status: Int
    var type: String
    var answer: String
    var means: String
  }

  // MARK: The steps

  static let works: Tree = .record([
    .init("company", .number(1)), .init("operation", .number(1)), .init("work_center", .number(1)),
  ])
  static let plain: Tree = .record([.init("company", .number(1))])
  static let elsewhere: Tree = .record([.init("company", .number(99))])

  static func action(_ key: Character, product: String? = "1") -> Tree {
    .record([
      .init("key", .text(String(repeating: key, count: 32))), .init("kind", .text("work_order")),
      .init("title", .text("Check suction strainer and NPSH of P-101")),
      .init("text", .text("Pump cavitation at Riverside/Utilities/P-101.\nsuction = 0.31 bar g")),
      .init("priority", .number(2)),
      .init(
        "asset",
        .record(
          [.init("path", .text("Riverside/Utilities/P-101")), .init("name", .text("P-101"))]
            + (product.map { [.init("id", .text($0))] } ?? []))),
    ])
  }

  static func order(_ reference: String, _ key: Character, count: Double = 0) -> Tree {
    .record([
      .init("reference", .text(reference)), .init("key", .text(String(repeating: key, count: 32))),
      .init("count", .number(count)), .init("action", action(key)),
    ])
  }

  /// The routing operation 1 as a repair, or as a service.
  static func lost(_ kind: String) -> Tree { .record([.init("company", .number(1)), .init(kind, .number(1))]) }

  static func since(_ time: String, after: String? = nil) -> Tree {
    .record([.init("since", .text(time))] + (after.map { [.init("after", .text($0))] } ?? []))
  }

  /// Trouble that was decided after a restore, under another key than what may have been made.
  static func wanted(
    _ key: Character, product: String? = "1", known: [String] = [], since: String = "2026-01-01T00:00:00Z"
  )
    -> Tree
  {
    .record([
      .init("since", .text(since)), .init("action", action(key, product: product)),
      .init(
        "known",
        .list(
          known.map {
            .record([.init("key", .text(String(repeating: "f", count: 32))), .init("reference", .text($0))])
          })),
    ])
  }

  static let steps: [Step] = [
    .ask("an order becomes a production", .request, action("a")),
    .ask("which is found by its key", .lookup, action("a")),
    .ask("one that was never sent is not", .lookup, action("b")),
    .ask("its state is a draft", .status, order("1", "a")),
    .ask("it is found by key when its number is not known", .status, order(String(repeating: "a", count: 32), "a")),
    .ask("trouble that comes again is a note on it", .comment, order("1", "a", count: 10)),
    .inTryton { tryton in
      for button in ["wait", "assign_try", "run"] { try tryton.press("production", 1, button) }
      try tryton.press("production.work", 1, "start")
    },
    .ask("somebody works on it", .status, order("1", "a")),
    .inTryton { tryton in
      try tryton.write(
        "production.work.cycle", 1, #"{"duration": {"__class__": "timedelta", "seconds": 5400}}"#)
      try tryton.press("production.work", 1, "stop")
      try tryton.press("production", 1, "do")
    },
    .ask("it is done, and cost 90 minutes of a crew", .status, order("1", "a")),
    .ask("sent twice it is there twice: Tryton knows no key", .request, action("a")),
    .ask("and the first of them is found", .lookup, action("a")),
    .ask("after a restore its open order is found under another key", .lookup_open, wanted("d")),
    .ask("but not where the ledger knows it", .lookup_open, wanted("d", known: ["2"])),
    .ask("nor when it was made before the backup", .lookup_open, wanted("d", since: "2999-01-01T00:00:00Z")),
    .ask("an order without a product is none of a machine's", .lookup_open, wanted("d", product: nil)),
    .ask("with a key that is not known it cannot be told", .lookup_open, wanted("d"), key: .unknown),
    .ask("an order without a work and a product", .request, action("c", product: nil), settings: plain),
    .inTryton { try $0.press("production", 3, "cancel") },
    .ask("a production that was cancelled", .status, order("3", "c"), settings: plain),
    .ask("a product that is not there", .request, action("d", product: "777")),
    .ask("a company that is not the user's", .request, action("e"), settings: elsewhere),
    .ask("a key that is not known", .request, action("f"), key: .unknown),
    .ask("a look-up with such a key says nothing", .lookup, action("a"), key: .unknown),
    .ask("nor does a question for the status", .status, order("1", "a"), key: .unknown),
    .ask("a production that is not there", .status, order("99", "f")),
    .ask("what was repaired is a loss", .losses, since("2026-01-01T00:00:00Z"), settings: lost("repair")),
    .ask("what was serviced was planned", .losses, since("2026-01-01T00:00:00Z"), settings: lost("service")),
    .ask("after the last there is none", .losses, since("2026-01-01T00:00:00Z", after: "1"), settings: lost("repair")),
    .ask("nothing has changed since a later day", .losses, since("2999-01-01T00:00:00Z"), settings: lost("repair")),
    .ask(
      "a key that is not known hears of none", .losses, since("2026-01-01T00:00:00Z"), settings: lost("repair"),
      key: .unknown),
    .inTryton { tryton in
      let day = #"{"__class__": "date", "year": 2026, "month": 3, "day": 1}"#
      try tryton.write("production", 1, #"{"effective_start_date": \#(day), "effective_date": \#(day)}"#)
    },
    .ask(
      "it began and was over on the day that people wrote down", .losses, since("2026-01-01T00:00:00Z"),
      settings: lost("repair")),
  ]

  // MARK: The tests

  @Test func the_adapter_asks_and_reads_as_recorded() throws {
    let code = try Self.adapter()
    let recordings = try JSONDecoder().decode(
      [Recording].self, from: Data(contentsOf: URL(filePath: Self.folder + "/exchanges.json")))
    let asked = Self.steps.compactMap { step in
      if case .ask(let what, let question, let subject, let settings, _) = step {
        return (what: what, question: question, subject: subject, settings: settings)
      }
      return nil
    }
    try #require(asked.map(\.what) == recordings.map(\.what), "record anew")
    for (step, recording) in zip(asked, recordings) {
      let request = try Self.request(code, step.question, step.subject, step.settings)
      #expect(request.method == recording.method && request.path == recording.path, "\(step.what)")
      #expect(String(decoding: request.body, as: UTF8.self) == recording.body, "\(step.what)")
      let response = HTTPResponse(
        status: recording.status, headers: [("content-type", recording.type)], body: Array(recording.answer.utf8))
      let means = try Self.meaning(code, step.question, step.subject, step.settings, response)
      #expect(means == recording.means, "\(step.what)")
    }
  }

  @Test func a_real_tryton_still_answers_as_recorded() async throws {
    try await onAThread {
      let folder = FileManager.default.temporaryDirectory.path + "/millwright-tryton-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let tryton = try Tryton(folder: folder)
      defer { tryton.kill() }
      let now = try Self.play(tryton)
      let file = URL(filePath: Self.folder + "/exchanges.json")
      if ProcessInfo.processInfo.environment["MILLWRIGHT_RECORD"] != nil {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(now) + Data("\n".utf8)).write(to: file)
      }
      let recorded = try JSONDecoder().decode([Recording].self, from: Data(contentsOf: file))
      #expect(now.map(\.what) == recorded.map(\.what))
      for (now, recorded) in zip(now, recorded) {
        #expect(now.status == recorded.status && now.type == recorded.type, "\(now.what): \(now.answer)")
        #expect(now.means == recorded.means, "\(now.what): \(now.answer)")
      }
    }
  }

  @Test(arguments: [
    // A proxy's log-in page, or an answer without the record.
    (200, "<html>", "unknown"), (200, "{}", "unknown"), (200, "[]", "unknown"),
    (204, "", #"accepted(reference: "")"#),
    (408, "", "tryAgain"), (429, "", "tryAgain"), (401, "", "tryAgain"),
    // What Tryton says when the database fails, which may be at the end of a commit.
    (503, "", "unknown"), (500, "", "unknown"), (502, "", "unknown"), (504, "", "unknown"),
    (400, "<html>", "rejected"), (403, "", "rejected"), (404, "", "rejected"), (302, "", "rejected"),
  ]) func only_a_record_is_an_order(status: Int, body: String, means: String) throws {
    let answer = try Self.adapter().answer(HTTPResponse(status: status, headers: [], body: Array(body.utf8)))
    #expect("\(answer)".hasPrefix(means))
  }

  @Test(arguments: [
    // An answer that is not Tryton's list must never look like "it is not there": the order would be sent again.
    (200, "{}", "unknown"), (200, "", "unknown"), (200, "null", "unknown"), (200, "<html>[]", "unknown"),
    (200, "[]", "absent"), (200, #"[{"id": 7}, {"id": 9}]"#, #"found(reference: "7")"#), (200, "[{}]", "unknown"),
    (400, "[]", "unknown"), (404, "[]", "unknown"), (204, "", "unknown"), (302, "[]", "unknown"),
    (401, "[]", "tryAgain"), (429, "[]", "tryAgain"), (500, "[]", "tryAgain"), (503, "[]", "tryAgain"),
  ]) func only_an_empty_list_says_that_it_is_not_there(status: Int, body: String, means: String) throws {
    let answer = try Self.adapter().readLookUp(HTTPResponse(status: status, headers: [], body: Array(body.utf8)))
    #expect("\(answer)".hasPrefix(means))
  }

  @Test(arguments: [
    ("[]", "absent"), ("{}", "unknown"), ("<html>", "unknown"),
    // Ours with the same title, with another one, and one that people made.
    (#"[{"id": 7, "reference": "KEY Check suction strainer and NPSH of P-101"}]"#, #"found(reference: "7")"#),
    (
      #"[{"id": 7, "reference": "KEY Grease it"}]"#,
      #"unknown("open, and perhaps of this trouble: 7; is it one of them?")"#
    ),
    (#"[{"id": 7, "reference": "Check suction strainer and NPSH of P-101"}]"#, "absent"),
    (#"[{"id": 7, "reference": null}]"#, "absent"),
    (
      #"[{"id": 6, "reference": "KEY Grease it"}, {"id": 7, "reference": "KEY Check suction strainer and NPSH of P-101"}]"#,
      #"found(reference: "7")"#
    ),
    (#"[{"id": 5, "reference": "KEY Check suction strainer and NPSH of P-101"}]"#, "absent"),
  ]) func an_open_order_is_the_same_trouble_s_by_its_title(_ body: String, means: String) throws {
    let text = body.replacingOccurrences(of: "KEY", with: String(repeating: "ab", count: 16))
    let response = HTTPResponse(status: 200, headers: [], body: Array(text.utf8))
    let answer = try Self.adapter().readLookUpOpen(response, wanted: Self.wanted("d", known: ["5"]))
    #expect("\(answer)".hasPrefix(means), "\(answer)")
  }

  @Test(arguments: ["request", "assigned", "running", "done", "cancelled", "archived"])
  func a_state_that_is_not_tryton_s_is_unknown(state: String) throws {
    let body = #"{"id": 1, "state": "\#(state)", "cost": {"decimal": "1.5"}, "company": {"currency": {"code": "EUR"}}}"#
    guard
      case .status(let report) = try Self.adapter().readStatus(
        HTTPResponse(status: 200, headers: [], body: Array(body.utf8)))
    else {
      Issue.record("it is a status")
      return
    }
    let standings: [String: OrderStanding] = [
      "request": .open, "assigned": .open, "running": .inProgress, "done": .done, "cancelled": .cancelled,
    ]
    #expect(report.standing == standings[state] ?? .unknown)
    #expect((report.cost != nil) == report.standing.isFinal)
  }

  @Test func a_long_title_is_cut_between_characters_and_the_key_is_whole() throws {
    guard case .record(var fields) = Self.action("a") else { return }
    fields[2].value = .text(String(repeating: "Prüfe Saugsieb äöü ", count: 20))
    let request = try Self.adapter().request(.record(fields), settings: Self.plain)
    let reference = try #require(JSONText.read(request.body)?["reference"])
    guard case .text(let text) = reference else { return }
    #expect(text.hasPrefix(String(repeating: "a", count: 32) + " Prüfe") && text.utf8.count <= 153)
  }

  @Test func an_asset_whose_id_is_no_number_is_told_and_not_sent() throws {
    #expect(throws: LuaFailure.self) {
      try Self.adapter().request(Self.action("a", product: "PUMP-101"), settings: Self.plain)
    }
    #expect(throws: LuaFailure.self) { try Self.adapter().request(Self.action("a"), settings: .record([])) }
  }

  @Test func without_a_kind_of_loss_the_settings_are_told_of() throws {
    let error = #expect(throws: LuaFailure.self) {
      try Self.adapter().losses(Self.since("2026-01-01T00:00:00Z"), settings: Self.plain)
    }
    #expect(error?.message.contains("the settings 'repair' and 'service'") == true, "\(error.map { "\($0)" } ?? "")")
  }

  // MARK: Playing

  static func adapter() throws -> AdapterScript {
    try AdapterScript(
      text: String(contentsOfFile: folder + "/adapter.lua", encoding: .utf8), file: "integrations/tryton/adapter.lua")
  }

  private static func play(_ tryton: Tryton) throws -> [Recording] {
    let code = try adapter()
    var recordings: [Recording] = []
    for step in steps {
      switch step {
      case .inTryton(let work): try work(tryton)
      case .ask(let what, let question, let subject, let given, let key):
        let request = try Self.request(code, question, subject, given)
        let result = try tryton.exchange(request, key: key == .valid ? nil : "nobody-made-this-key")
        guard case .response(let response) = result else { throw DidNotHappen(what: "\(what): \(result)") }
        recordings.append(
          Recording(
            what: what, function: question.rawValue, method: request.method, path: request.path,
            body: String(decoding: request.body, as: UTF8.self), status: response.status,
            type: response.headers.first { $0.name == "content-type" }?.value ?? "",
            answer: String(decoding: response.body, as: UTF8.self),
            means: try meaning(code, question, subject, given, response))
        )
      }
    }
    return recordings
  }

  private static func request(
    _ code: AdapterScript, _ question: Question, _ subject: Tree, _ settings: Tree
  ) throws -> HTTPRequest {
    switch question {
    case .request: try code.request(subject, settings: settings)
    case .lookup: try code.lookUp(subject, settings: settings)
    case .status: try code.status(subject, settings: settings)
    case .comment: try code.comment(subject, settings: settings)
    case .losses: try code.losses(subject, settings: settings)
    case .lookup_open: try code.lookUpOpen(subject, settings: settings)
    }
  }

  /// Before any recording was made.
  private static let madeBefore = Instant(seconds: 1_780_000_000)

  /// In words, without times: those differ at each recording, but for days that were written down.
  private static func meaning(
    _ code: AdapterScript, _ question: Question, _ subject: Tree, _ settings: Tree, _ response: HTTPResponse
  ) throws -> String {
    switch question {
    case .request: return "\(try code.answer(response))"
    case .comment: return "\(try code.readComment(response))"
    case .lookup: return "\(try code.readLookUp(response))"
    case .lookup_open: return "\(try code.readLookUpOpen(response, wanted: subject))"
    case .status:
      guard case .status(let report) = try code.readStatus(response) else { return "\(try code.readStatus(response))" }
      return report.standing.rawValue + (report.cause.map { ": \($0)" } ?? "")
        + (report.cost.map { ", \($0.hundredths) hundredths of \($0.currency)" } ?? "")
        + (report.started == nil ? "" : ", knows when begun") + (report.done == nil ? "" : ", knows when done")
    case .losses:
      guard case .losses(let losses) = try code.readLosses(response, settings: settings) else {
        return "\(try code.readLosses(response, settings: settings))"
      }
      return losses.map { loss in
        "\(loss.reference) of \(loss.asset), \(loss.cause ?? "-"), \(loss.planned ? "planned" : "not planned"), "
          + (loss.cost.map { "\($0.hundredths) hundredths of \($0.currency)" } ?? "no cost")
          + (loss.started < madeBefore ? ", from \(loss.started) to \(loss.done.map { "\($0)" } ?? "-")" : "")
      }.joined(separator: "; ")
    }
  }
}
