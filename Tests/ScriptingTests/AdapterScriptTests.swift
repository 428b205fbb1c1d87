import Rules
import Scripting
import Testing

@Suite struct AdapterScriptTests {
  static let text = """
    adapter {
      idempotent = true,
      authorisation = standard_webhooks "signing_key",
      request = function(action, settings)
        return { method = "POST", path = settings.path, headers = { ["Content-Type"] = "application/json" },
          body = { title = action.title, priority = action.priority, half = 0.5, empty = {}, list = { 1, "a\\n" } } }
      end,
      answer = function(response)
        if response.status == 201 then return accepted(response.body.id) end
        if response.status == 409 then return already("HTTP " .. response.status) end
        if response.status == 503 then return try_again(tonumber(response.headers["retry-after"]), "busy") end
        if response.status == 400 then return rejected(response.text) end
        if response.status == 0 then return 7 end
        return unknown("status")
      end,
    }
    """

  func receipt(_ status: Int, _ body: String = "", headers: [(name: String, value: String)] = []) throws -> Receipt {
    try AdapterScript(text: Self.text, file: "a.lua").answer(
      HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
  }

  @Test func table_becomes_canonical_json() throws {
    let adapter = try AdapterScript(text: Self.text, file: "a.lua")
    #expect(adapter.isIdempotent)
    #expect(adapter.authorisation == .standardWebhooks(secret: "signing_key"))
    let request = try adapter.request(
      .record([Tree.Field("title", .text("Check \"x\"")), Tree.Field("priority", .number(2))]),
      settings: .record([Tree.Field("path", .text("/hooks"))]))
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == #"{"empty":{},"half":0.5,"list":[1,"a\n"],"priority":2,"title":"Check \"x\""}"#)
    #expect(request.path == "/hooks" && request.method == "POST" && request.headers.count == 1)
  }

  @Test func each_answer_has_its_receipt() throws {
    #expect(try receipt(201, #"{"id": "WO-7"}"#) == .accepted(reference: "WO-7"))
    #expect(try receipt(409) == .already(reference: "HTTP 409"))
    #expect(try receipt(503, headers: [("retry-after", "30")]) == .tryAgain(after: .seconds(30), why: "busy"))
    #expect(try receipt(503) == .tryAgain(after: nil, why: "busy"))
    #expect(try receipt(400, "no such asset") == .rejected("no such asset"))
    #expect(try receipt(500) == .unknown("status"))
  }

  @Test func wrong_return_names_the_function() throws {
    let failure = #expect(throws: LuaFailure.self) { try receipt(0) }
    #expect(failure?.message.hasPrefix("'answer' must return accepted(reference)") == true)
    #expect(failure?.line == 8)
  }

  @Test(arguments: [
    ("adapter { idempotant = true }", "unknown field 'idempotant' (did you mean 'idempotent'?)"),
    ("adapter { request = 1 }", "'request' must be a function"),
    ("adapter { request = function() end }", "'answer' must be a function"),
    (
      "adapter { idempotent = 1, request = function() end, answer = function() end }",
      "'idempotent' must be true or false"
    ),
  ]) func wrong_adapter_is_a_finding(text: String, message: String) {
    #expect(throws: Finding(file: "a.lua", line: 1, message: message)) { try AdapterScript(text: text, file: "a.lua") }
  }

  @Test(arguments: ["{", "[1,]", "01", "nul", "\"\\ud800\"", "1 2", "{\"a\" 1}", "\"\u{1}\"", "1e999", ""])
  func broken_json_is_refused(text: String) { #expect(JSONText.read(Array(text.utf8)) == nil) }

  @Test func json_is_read() {
    #expect(
      JSONText.read(Array(#" {"a": [1, -2.5e1, true, null], "b": "\u00e9\ud83d\ude00"} "#.utf8))
        == .record([
          Tree.Field("a", .list([.number(1), .number(-25), .boolean(true), .null])), Tree.Field("b", .text("é😀")),
        ]))
    #expect(JSONText.read(Array(String(repeating: "[", count: 100_000).utf8)) == nil)
  }
}
