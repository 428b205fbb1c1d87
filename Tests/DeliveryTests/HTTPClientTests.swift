import Delivery
import Rules
import Testing

extension HTTPResult {
  var response: HTTPResponse? { if case .response(let response) = self { response } else { nil } }
  var notSent: String? { if case .notSent(let why) = self { why } else { nil } }
  var maybeSent: String? { if case .maybeSent(let why) = self { why } else { nil } }
}

struct HTTPClientTests {
  func send(_ settings: AdapterSettings, _ request: HTTPRequest = .make()) throws -> HTTPResult {
    try HTTPClient(settings: settings).perform(request)
  }

  @Test func brings_the_answer_as_it_is() throws {
    let server = DeskServer(.reply(201, headers: ["X-Thing:  a b ", "Location: /orders/7"], body: "{\"id\":7}"))
    let response = try send(.make(server.url + "/hooks/"), .make(path: "orders?x=1")).response
    #expect(response?.status == 201)
    #expect(response.map { String(decoding: $0.body, as: UTF8.self) } == "{\"id\":7}")
    #expect(response?.headers.contains { $0 == ("x-thing", "a b") } == true)
    #expect(server.requests.map(\.line) == ["POST /hooks/orders?x=1 HTTP/1.1"])
    #expect(server.requests.first?.body == HTTPRequest.make().body)
  }

  @Test(arguments: ["GET", "POST", "PUT", "PATCH", "DELETE"])
  func sends_the_method_it_was_given(method: String) throws {
    let server = DeskServer(.reply(200))
    #expect(try send(.make(server.url), .make(method)).response?.status == 200)
    #expect(server.requests.first?.line == "\(method) / HTTP/1.1")
    #expect(server.requests.first?.header("Content-Type") == nil)
    #expect(server.requests.first?.header("Expect") == nil)
  }

  @Test func a_redirect_is_an_answer_and_not_a_way() throws {
    let elsewhere = DeskServer(.reply(200))
    let server = DeskServer(.reply(302, headers: ["Location: \(elsewhere.url)/stolen"]))
    #expect(try send(.make(server.url)).response?.status == 302)
    #expect(elsewhere.connections == 0)
  }

  @Test(arguments: [DeskServer.Answer.close, .garbage, .endlessBody, .endlessHeaders, .endlessInterim])
  func no_whole_answer_may_have_been_sent(answer: DeskServer.Answer) throws {
    let server = DeskServer(answer)
    #expect(try send(.make(server.url)).maybeSent != nil)
    #expect(server.requests.count == 1)
  }

  @Test func the_caps_are_named() throws {
    #expect(try send(.make(DeskServer(.endlessBody).url)).maybeSent?.contains("more than 1 MiB") == true)
    #expect(try send(.make(DeskServer(.endlessHeaders).url)).maybeSent?.contains("128 header lines") == true)
    #expect(try send(.make(DeskServer(.endlessInterim).url)).maybeSent?.contains("128 header lines") == true)
  }

  @Test func one_mebibyte_is_taken_and_one_byte_more_is_not() throws {
    for most in [DeskServer.Answer.unmeasured(1 << 20), .reply(200, body: String(repeating: "x", count: 1 << 20))] {
      #expect(try send(.make(DeskServer(most).url)).response?.body.count == 1 << 20)
    }
    let more = (1 << 20) + 1
    for much in [DeskServer.Answer.unmeasured(more), .reply(200, body: String(repeating: "x", count: more))] {
      #expect(try send(.make(DeskServer(much).url)).maybeSent != nil)
    }
  }

  @Test(arguments: [DeskServer.Answer.silence, .trickle])
  func an_answer_that_does_not_end_ends_with_the_total_time(answer: DeskServer.Answer) throws {
    let server = DeskServer(answer)
    let settings = AdapterSettings.make(server.url, total: TimeSpan(microseconds: 300_000))
    #expect(try send(settings).maybeSent?.contains("timed out") == true)
  }

  @Test func nobody_listening_is_not_sent() throws {
    #expect(try send(.make("http://127.0.0.1:\(DeskServer.deadPort())")).notSent != nil)
  }

  @Test func a_name_that_does_not_resolve_is_not_sent() throws {
    #expect(try send(.make("https://desk.invalid", plain: false)).notSent != nil)
  }

  @Test func a_server_without_tls_sees_no_request() throws {
    let server = DeskServer(.reply(200))
    let https = server.url.replacing("http:", with: "https:")
    #expect(try send(.make(https)).notSent != nil)
    #expect(server.requests.isEmpty)
  }

  @Test func a_header_cannot_end_its_line() throws {
    let server = DeskServer(.reply(200))
    for header in [("X", "a\r\nY: b"), ("X\r\nY", "b"), ("X", "a\0b"), ("", "a"), ("X Y", "b")] {
      #expect(try send(.make(server.url), .make(headers: [header])).notSent != nil)
    }
    #expect(server.connections == 0)
  }

  @Test(arguments: ["Host", "authorization", "Content-Length", "Transfer-Encoding", "Idempotency-Key", "webhook-id"])
  func an_adapter_does_not_set_what_is_the_engines(name: String) throws {
    let server = DeskServer(.reply(200))
    #expect(try send(.make(server.url), .make(headers: [(name, "x")])).notSent?.contains(name) == true)
    #expect(server.connections == 0)
  }

  @Test func an_empty_header_is_sent_empty() throws {
    let server = DeskServer(.reply(200))
    _ = try send(.make(server.url), .make(headers: [("X-Empty", "")]))
    #expect(server.requests.first?.header("X-Empty") == "")
  }

  @Test func each_request_has_a_connection_of_its_own() throws {
    let server = DeskServer(.reply(200))
    let client = try HTTPClient(settings: .make(server.url))
    for _ in 0..<3 { #expect(client.perform(.make()).response?.status == 200) }
    #expect(server.connections == 3)
  }
}
