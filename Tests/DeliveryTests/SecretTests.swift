import Delivery
import Rules
import Testing

/// What must not be in a log or a receipt, whatever the other side sends back.
struct SecretTests {
  let canary = "canary-3f9a51c07e"

  @Test func a_bearer_token_travels_in_its_header() throws {
    let headers = try Credentials(.bearer(secret: "t"), settings: .make("https://x", secrets: ["t": canary]))
      .headers(key: "k1", at: noon, body: [])
    #expect(headers.map(\.name) == ["Idempotency-Key", "Authorization"])
    #expect(headers.map(\.value) == ["\"k1\"", "Bearer \(canary)"])
  }

  @Test func basic_is_the_base64_of_both() throws {
    let settings = AdapterSettings.make("https://x", secrets: ["u": "Aladdin", "p": "open sesame"])
    let headers = try Credentials(.basic(user: "u", password: "p"), settings: settings)
      .headers(key: "k1", at: noon, body: [])
    #expect(headers.last?.value == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")  // RFC 7617's own example
  }

  @Test(arguments: [409, 201, 400, 503])
  func a_server_that_echoes_the_secret_does_not_get_it_into_the_ledger(status: Int) {
    let server = DeskServer(.reply(status, body: "you sent \(canary)"))
    let desk = Desk(.make(server.url, secrets: ["t": canary]), MemoryQueue(.make())) {
      let code = DeskCode()
      code.authorisation = .bearer(secret: "t")
      return code
    }
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(server.requests.first?.header("Authorization") == "Bearer \(canary)")
    let written = "\(desk.queue.attempts) \(desk.log)"
    #expect(!written.contains(canary))
    #expect(written.contains("you sent (secret)"))
  }

  @Test func nor_its_base64_nor_the_bare_signing_key() {
    let pair = "dXNlcjpjYW5hcnktM2Y5YTUxYzA3ZQ=="
    let server = DeskServer(.reply(400, body: "Basic \(pair), key \(signingKey.dropFirst(6))"))
    let secrets = ["u": "user", "p": canary, "signing_key": signingKey]
    let desk = Desk(.make(server.url, secrets: secrets), MemoryQueue(.make())) {
      let code = DeskCode()
      code.authorisation = .basic(user: "u", password: "p")
      return code
    }
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    let written = "\(desk.queue.attempts) \(desk.log)"
    #expect(server.requests.first?.header("Authorization") == "Basic \(pair)")
    #expect(!written.contains(pair) && !written.contains(signingKey.dropFirst(6)))
  }

  @Test func a_line_break_in_a_secret_is_named_without_showing_it() {
    let server = DeskServer(.reply(200))
    let desk = Desk(.make(server.url, secrets: ["t": canary + "\n"]), MemoryQueue(.make())) {
      let code = DeskCode()
      code.authorisation = .bearer(secret: "t")
      return code
    }
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(server.connections == 0)
    #expect(desk.queue.attempts.map(\.next) == [.ready])
    #expect(desk.log.contains { $0.contains("'t'") && $0.contains("line break") && !$0.contains(canary) })
  }

  @Test func a_missing_secret_is_named() {
    #expect(throws: DeliveryError.noSecret("signing_key")) {
      try Credentials(.standardWebhooks(secret: "signing_key"), settings: .make("https://x", secrets: [:]))
    }
  }

  @Test func an_answer_cannot_forge_a_line_of_the_log() {
    let server = DeskServer(.reply(400, body: "no\ndesk: all is well\u{1B}[2J"))
    let desk = Desk(.make(server.url), MemoryQueue(.make()))
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(desk.queue.attempts[0].receipt == .rejected("status 400 no desk: all is well [2J"))
    #expect(desk.log.allSatisfy { !$0.contains("\n") && !$0.contains("\u{1B}") })
  }
}
