import Foundation
import Rules
import Scripting
import Testing

/// Look-ups, statuses and comments, by the adapter that the documentation shows.
@Suite struct AdapterSkillTests {
  private static let text: String = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = (try? String(contentsOf: root.appendingPathComponent("docs/adapters.md"), encoding: .utf8)) ?? ""
    return page.components(separatedBy: "```lua\n").dropFirst().first?.components(separatedBy: "```").first ?? ""
  }()

  private let adapter: AdapterScript
  init() throws { adapter = try AdapterScript(text: Self.text, file: "adapter.lua") }

  private func response(_ body: String, _ status: Int = 200) -> HTTPResponse {
    HTTPResponse(status: status, headers: [], body: Array(body.utf8))
  }

  @Test func it_has_every_skill() {
    #expect(adapter.skills == [.lookUp, .status, .comment, .losses, .lookUpOpen])
    #expect(adapter.visibleAfter == .seconds(30) && adapter.followEvery == .minutes(5))
    #expect(!adapter.isIdempotent && adapter.authorisation == .bearer(secret: "token"))
  }

  @Test func each_question_is_made() throws {
    let action = Tree.record([Tree.Field("key", .text("k1")), Tree.Field("title", .text("Check P-101"))])
    let order = Tree.record([
      Tree.Field("reference", .text("7")), Tree.Field("count", .number(10)), Tree.Field("action", action),
    ])
    #expect(try adapter.lookUp(action, settings: .record([])).path == "/orders?reference=k1")
    #expect(try adapter.status(order, settings: .record([])).path == "/orders/7")
    let comment = try adapter.comment(order, settings: .record([]))
    #expect(comment.path == "/orders/7/notes" && comment.method == "POST")
    #expect(String(decoding: comment.body, as: UTF8.self) == #"{"text":"Check P-101: it has come again, 10 in all"}"#)
  }

  /// After a restore, with one order of the asset that the ledger knows.
  private let wanted = Tree.record([
    Tree.Field("since", .text("2026-03-01T10:02:00Z")),
    Tree.Field(
      "action",
      .record([
        Tree.Field("title", .text("Check P-101")), Tree.Field("asset", .record([Tree.Field("id", .text("17"))])),
      ])),
    Tree.Field("known", .list([.record([Tree.Field("key", .text("k1")), Tree.Field("reference", .text("6"))])])),
  ])

  @Test func an_open_order_is_asked_for_on_the_asset_since_the_backup() throws {
    let request = try adapter.lookUpOpen(wanted, settings: .record([]))
    #expect(request.path == "/orders?open=yes&asset=17&since=2026-03-01T10:02:00Z")
  }

  @Test(arguments: [
    ("[]", LookUpAnswer.absent),
    (#"[{"id": 6, "reference": "k1", "title": "Check P-101"}]"#, .absent),
    (#"[{"id": 7, "reference": "k9", "title": "Grease P-101"}]"#, .absent),
    (#"[{"id": 7, "reference": "k9", "title": "Check P-101"}]"#, .found(reference: "7")),
  ])
  func an_open_order_is_found_by_its_title_and_not_when_it_is_known(_ body: String, _ answer: LookUpAnswer) throws {
    #expect(try adapter.readLookUpOpen(response(body), wanted: wanted) == answer)
  }

  @Test func a_look_up_of_open_orders_alone_is_refused() {
    let text = """
      adapter {
        request = function(action, settings) return { method = "POST", path = "/" } end,
        answer = function(response) return accepted("") end,
        lookup_open = function(wanted, settings) return { method = "GET", path = "/" } end,
        read_lookup_open = function(response, wanted) return absent() end,
      }
      """
    let finding = #expect(throws: Finding.self) { try AdapterScript(text: text, file: "adapter.lua") }
    #expect(finding?.message == "'lookup_open' needs 'lookup': what is there under our key is looked up first")
  }

  @Test func each_answer_to_a_look_up_is_read() throws {
    #expect(try adapter.readLookUp(response(#"[{"id": 7}]"#)) == .found(reference: "7"))
    #expect(try adapter.readLookUp(response("[]")) == .absent)
    #expect(try adapter.readLookUp(response("", 500)) == .tryAgain(after: nil, why: "status 500"))
  }

  @Test(arguments: [
    (#"{"state": "new"}"#, OrderReport(standing: .open)),
    (
      #"{"state": "started", "started_at": "2026-03-01T10:00:00Z"}"#,
      OrderReport(standing: .inProgress, started: Instant(seconds: 1_772_359_200))
    ),
    (
      #"{"state": "closed", "finding": "worn", "cost": "412.495", "started_at": 5, "closed_at": 6.5}"#,
      OrderReport(
        standing: .done, cause: "worn", cost: Money(hundredths: 41_250, currency: "EUR"),
        started: Instant(seconds: 5), done: Instant(microseconds: 6_500_000))
    ),
    (
      #"{"state": "void", "cost": 3}"#, OrderReport(standing: .cancelled, cost: Money(hundredths: 300, currency: "EUR"))
    ),
    (#"{"state": "parked"}"#, OrderReport(standing: .unknown, cause: "it says 'parked'")),
    (#"{}"#, OrderReport(standing: .unknown, cause: "it says 'nil'")),
  ])
  func each_status_is_one_of_a_closed_set(_ body: String, _ report: OrderReport) throws {
    #expect(try adapter.readStatus(response(body)) == .status(report))
  }

  @Test func a_status_that_cannot_be_had_is_no_status() throws {
    #expect(try adapter.readStatus(response("", 503)) == .tryAgain(after: nil, why: "status 503"))
  }

  @Test func the_answer_to_a_comment_is_read() throws {
    #expect(try adapter.readComment(response("", 201)) == .accepted(reference: ""))
    #expect(try adapter.readComment(response("closed", 400)) == .rejected("closed"))
  }

  @Test(arguments: [
    (#"{"state": "new", "cost": "much"}"#, "'read_status' must return 'cost' as a number, or as a text that is one"),
    (#"{"state": "new", "cost": 1e300}"#, "'read_status' must return 'cost' as a number, or as a text that is one"),
    (#"{"state": "new", "finding": 7}"#, "'read_status' must return 'cause' as a text"),
    (
      #"{"state": "new", "closed_at": "soon"}"#,
      "'read_status' must return 'done' as a time such as \"2026-03-01T10:00:00Z\", or as seconds since 1970"
    ),
  ]) func a_status_of_another_form_names_the_function(_ body: String, _ message: String) {
    let failure = #expect(throws: LuaFailure.self) { try adapter.readStatus(response(body)) }
    #expect(failure?.message == message)
    #expect(failure?.line == 37)
  }

  private let planned = Tree.record([Tree.Field("planned_kind", .text("overhaul"))])

  @Test func losses_are_asked_for_and_read() throws {
    let since = Tree.Field("since", .text("2026-01-01T00:00:00Z"))
    #expect(
      try adapter.losses(.record([since]), settings: planned).path == "/breakdowns?since=2026-01-01T00:00:00Z&after=")
    #expect(
      try adapter.losses(.record([since, Tree.Field("after", .text("7"))]), settings: planned).path
        == "/breakdowns?since=2026-01-01T00:00:00Z&after=7")
    let body = """
      [{"id": 7, "machine": 17, "stopped_at": 5, "running_at": 6.5, "finding": "seal", "cost": "412.495"},
       {"id": 8, "machine": 18, "stopped_at": "2026-03-01T10:00:00Z", "kind": "overhaul"}]
      """
    #expect(
      try adapter.readLosses(response(body), settings: planned)
        == .losses([
          ReportedLoss(
            asset: "17", reference: "7", started: Instant(seconds: 5), done: Instant(microseconds: 6_500_000),
            cause: "seal", cost: Money(hundredths: 41_250, currency: "EUR")),
          ReportedLoss(asset: "18", reference: "8", started: Instant(seconds: 1_772_359_200), planned: true),
        ]))
    #expect(try adapter.readLosses(response("[]"), settings: planned) == .losses([]))
    #expect(
      try adapter.readLosses(response("", 503), settings: planned) == .tryAgain(after: nil, why: "status 503"))
  }

  @Test(arguments: [
    (
      #"[{"id": 7, "machine": 1}]"#, "'read_losses' must return 'started', when the loss began, in number 1 of its list"
    ),
    (
      #"[{"id": 7, "machine": 1, "stopped_at": 1}, {"id": 8, "machine": 1, "stopped_at": 9, "running_at": 8}]"#,
      "'read_losses' returned a loss that is done at 1970-01-01T00:00:08Z, before it started at 1970-01-01T00:00:09Z, "
        + "in number 2 of its list"
    ),
    (
      #"[{"id": 7, "machine": 1, "stopped_at": 1, "cost": "much"}]"#,
      "'read_losses' must return 'cost' as a number, or as a text that is one, in number 1 of its list"
    ),
    (
      #"[{"id": 7, "machine": 1, "stopped_at": 1, "finding": 9}]"#,
      "'read_losses' must return 'cause' as a text, in number 1 of its list"
    ),
  ]) func a_loss_of_another_form_names_the_function(_ body: String, _ message: String) {
    let failure = #expect(throws: LuaFailure.self) { try adapter.readLosses(response(body), settings: planned) }
    #expect(failure?.message == message)
  }

  @Test func a_look_up_that_returns_something_else_names_the_function() throws {
    let text = Self.text.replacing(#"return found(tostring(first.id))"#, with: "return accepted(tostring(first.id))")
    let wrong = try AdapterScript(text: text, file: "adapter.lua")
    let failure = #expect(throws: LuaFailure.self) { try wrong.readLookUp(response(#"[{"id": 7}]"#)) }
    #expect(failure?.message.hasPrefix("'read_lookup' must return found(reference), absent()") == true)
  }

  private static let needed = "request = function() end, answer = function() end"

  @Test(arguments: [
    ("lookup = function() end", "'lookup' needs 'read_lookup', which reads its answer"),
    ("read_lookup = function() end", "'read_lookup' needs 'lookup', which asks what it reads"),
    ("status = function() end", "'status' needs 'read_status', which reads its answer"),
    ("read_comment = function() end", "'read_comment' needs 'comment', which asks what it reads"),
    ("lookup = 7", "'lookup' must be a function"),
    ("visible_after = 30", "'visible_after' must be a length of time such as \"30 s\" or \"5 min\""),
    ("follow_every = '0 s'", "'follow_every' must be at least \"1 s\""),
    ("folow_every = '5 min'", "unknown field 'folow_every' (did you mean 'follow_every'?)"),
  ]) func half_a_skill_and_a_wrong_value_are_findings(_ field: String, _ message: String) {
    #expect(throws: Finding(file: "a.lua", line: 1, message: message)) {
      try AdapterScript(text: "adapter { \(Self.needed), \(field) }", file: "a.lua")
    }
  }

  @Test func a_comment_without_a_reader_of_its_own_is_read_as_an_answer() throws {
    let text =
      "adapter { request = function() end, answer = function() return accepted('7') end, comment = function() end }"
    let script = try AdapterScript(text: text, file: "a.lua")
    #expect(script.skills == .comment)
    #expect(try script.readComment(response("")) == .accepted(reference: "7"))
  }
}
