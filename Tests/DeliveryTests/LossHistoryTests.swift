import Delivery
import Rules
import Testing

/// Losses asked of the system that has them.
struct LossHistoryTests {
  private let canary = "canary-5e1c09"

  private func history(_ server: DeskServer, skills: AdapterSkills = .losses, secrets: [String: String]? = nil) throws
    -> LossHistory
  {
    let code = DeskCode(skills)
    code.authorisation = .bearer(secret: "t")
    return try LossHistory(
      .make(server.url, secrets: secrets ?? ["t": canary]), code, clock: { noon })
  }

  @Test func page_after_page_is_asked_for_until_one_is_empty() throws {
    let server = DeskServer(answering: { request in
      switch request.line {
      case "GET /losses HTTP/1.1": .reply(200, body: "B-1 17 100 seal\nB-2 17 200 seal")
      case "GET /losses?after=B-2 HTTP/1.1": .reply(200, body: "B-3 18 300 bearing")
      case "GET /losses?after=B-3 HTTP/1.1": .reply(200)
      default: .reply(404)
      }
    })
    let losses = try history(server).read(since: Instant(seconds: 200))
    #expect(losses.map(\.reference) == ["B-2", "B-3"], "the first began before")
    #expect(losses.map(\.asset) == ["17", "18"] && losses[1].cause == "bearing")
    #expect(server.requests.count == 3)
    #expect(server.requests.allSatisfy { $0.header("Authorization") == "Bearer \(canary)" })
  }

  @Test func a_system_that_repeats_itself_is_not_asked_for_ever() throws {
    let server = DeskServer(.reply(200, body: "B-1 17 100 seal"))
    #expect(throws: LossHistoryError.endless(adapter: "desk", reference: "B-1")) {
      try history(server).read(since: Instant(seconds: 0))
    }
    #expect(server.requests.count == 2)
  }

  @Test func half_an_answer_is_none() throws {
    let server = DeskServer(.reply(200, body: "B-1 17 100 seal"), .reply(503))
    #expect(throws: LossHistoryError.unanswered(adapter: "desk", why: "status 503; try again later")) {
      try history(server).read(since: Instant(seconds: 0))
    }
  }

  @Test func a_secret_that_is_sent_back_shows_nowhere() throws {
    let server = DeskServer(.reply(200, body: "B-1 17 100 \(canary)"), .reply(200))
    #expect(try history(server).read(since: Instant(seconds: 0)).map(\.cause) == ["(secret)"])
  }

  @Test func what_is_missing_is_said_before_anything_is_asked() throws {
    let server = DeskServer(.reply(200))
    #expect(throws: LossHistoryError.cannotTell(adapter: "desk")) { try history(server, skills: []) }
    #expect(throws: DeliveryError.noSecret("t")) { try history(server, secrets: [:]) }
    #expect(server.connections == 0)
  }

  @Test func broken_code_is_named() throws {
    let server = DeskServer(.reply(299))
    let error = #expect(throws: LossHistoryError.self) { try history(server).read(since: Instant(seconds: 0)) }
    #expect("\(error.map { "\($0)" } ?? "")" == "desk: adapter.lua:7: no")
  }
}
