import Crypto
import Demo
import Foundation
import FoundationNetworking
import Rules
import Testing

private let keyBytes = Data(repeating: 0x5A, count: 32)
private let secret = Secret("whsec_" + keyBytes.base64EncodedString())
private let now = Instant(rfc3339: "2026-03-01T10:00:00Z")!
private let event = """
  {"specversion": "1.0", "id": "k1", "source": "/riverside", "type": "millwright.work_order.requested.v1",
   "subject": "Riverside/Utilities/P-102",
   "data": {"title": "Check suction strainer of P-102", "text": "<b>", "priority": 2,
            "asset": {"path": "Riverside/Utilities/P-102"}, "decision": {"rule": "pump_cavitation"}}}
  """

private func sign(_ id: String, _ timestamp: String, _ body: String) -> String {
  let code = HMAC<SHA256>.authenticationCode(
    for: Data("\(id).\(timestamp).\(body)".utf8), using: SymmetricKey(data: keyBytes))
  return "v1," + Data(code).base64EncodedString()
}

private func delivery(id: String = "k1", at time: Instant = now, body: String = event) -> OrderBook.Delivery {
  let timestamp = "\(time.microseconds / 1_000_000)"
  return OrderBook.Delivery(
    id: id, timestamp: timestamp, signature: sign(id, timestamp, body),
    contentType: "application/cloudevents+json", body: Array(body.utf8))
}

private func status(_ reply: OrderBook.Reply) -> Int {
  switch reply {
  case .created: 201
  case .known: 200
  case .closed: 503
  case .refused(let status, _): status
  }
}

@Suite struct OrderBookTests {
  @Test func a_signed_event_becomes_one_order() throws {
    var book = try OrderBook(secret: secret)
    let order = WorkOrder(
      reference: "WO-1001", title: "Check suction strainer of P-102", text: "<b>", priority: 2,
      asset: "Riverside/Utilities/P-102", rule: "pump_cavitation", key: "k1", received: now)
    #expect(book.receive(delivery(), now: now) == .created(order))
    #expect(book.receive(delivery(at: now + .minutes(1)), now: now + .minutes(1)) == .known(order))
    #expect(book.orders == [order])
  }

  @Test func another_key_is_another_order() throws {
    var book = try OrderBook(secret: secret)
    _ = book.receive(delivery(), now: now)
    _ = book.receive(delivery(id: "k2"), now: now)
    #expect(book.orders.map(\.reference) == ["WO-1001", "WO-1002"])
  }

  @Test func a_notification_is_no_work_order() throws {
    var book = try OrderBook(secret: secret)
    let note = event.replacingOccurrences(of: "work_order", with: "notification")
    _ = book.receive(delivery(body: note), now: now)
    _ = book.receive(delivery(id: "k2"), now: now)
    #expect(book.orders.map(\.reference) == ["N-2001", "WO-1001"])
  }

  @Test func a_changed_body_key_or_time_is_refused() throws {
    var book = try OrderBook(secret: secret)
    var changed = delivery()
    changed.body[10] ^= 1
    #expect(status(book.receive(changed, now: now)) == 401)
    changed = delivery()
    changed.id = "k9"
    #expect(status(book.receive(changed, now: now)) == 401)
    changed = delivery()
    changed.timestamp = "\(now.microseconds / 1_000_000 + 1)"
    #expect(status(book.receive(changed, now: now)) == 401)
    #expect(book.orders.isEmpty)
  }

  @Test func a_missing_header_is_refused() throws {
    var book = try OrderBook(secret: secret)
    var partial = delivery()
    partial.signature = nil
    #expect(status(book.receive(partial, now: now)) == 401)
    partial = delivery()
    partial.id = nil
    #expect(status(book.receive(partial, now: now)) == 400)
    partial = delivery()
    partial.contentType = "application/json"
    #expect(status(book.receive(partial, now: now)) == 415)
  }

  @Test(arguments: [(-301, 401), (-300, 201), (300, 201), (301, 401)])
  func a_delivery_may_be_five_minutes_off(_ seconds: Int, _ expected: Int) throws {
    var book = try OrderBook(secret: secret)
    #expect(status(book.receive(delivery(at: now + .seconds(Int64(seconds))), now: now)) == expected)
  }

  @Test func one_of_several_signatures_is_enough() throws {
    var book = try OrderBook(secret: secret)
    var rotated = delivery()
    rotated.signature = "v1,AAAA v1a,zzz " + (rotated.signature ?? "")
    #expect(status(book.receive(rotated, now: now)) == 201)
  }

  @Test func a_closed_desk_answers_later() throws {
    var book = try OrderBook(secret: secret)
    book.close(forNext: 2, retryAfter: 2)
    #expect(book.receive(delivery(), now: now) == .closed(retryAfter: 2))
    #expect(book.receive(delivery(), now: now) == .closed(retryAfter: 2))
    #expect(status(book.receive(delivery(), now: now)) == 201)
  }

  @Test(arguments: ["not JSON", "[]", #"{"specversion": "1.0", "type": "t", "data": {}}"#])
  func what_is_no_event_is_refused(_ body: String) throws {
    var book = try OrderBook(secret: secret)
    #expect(status(book.receive(delivery(body: body), now: now)) == 400)
  }

  @Test func a_weak_key_is_refused() {
    #expect(throws: DemoError.badSecret) { try OrderBook(secret: Secret("hunter2")) }
    #expect(throws: DemoError.badSecret) { try OrderBook(secret: Secret("whsec_AAAA")) }
  }

  @Test func the_page_shows_the_newest_first_and_escapes() throws {
    var book = try OrderBook(secret: secret)
    _ = book.receive(delivery(), now: now)
    _ = book.receive(delivery(id: "<script>"), now: now)
    let page = orderPage(book.orders)
    let second = try #require(page.range(of: "WO-1002"))
    let first = try #require(page.range(of: "WO-1001"))
    #expect(second.lowerBound < first.lowerBound)
    #expect(page.contains("<p>&lt;b&gt;</p>"))
    #expect(!page.contains("<script"))
  }

  @Test func the_page_shows_what_cannot_be_seen_escaped_and_the_order_has_it_whole() throws {
    var book = try OrderBook(secret: secret)
    let odd = "a\u{0}b\u{1B}[2Jc\u{202E}d"
    let body = try JSONEncoder().encode(odd)
    _ = book.receive(
      delivery(
        body:
          #"{"specversion":"1.0","type":"millwright.work_order.requested.v1","data":{"title":\#(String(decoding: body, as: UTF8.self))}}"#
      ), now: now)
    #expect(book.orders.last?.title == odd)
    let page = orderPage(book.orders)
    #expect(page.contains(#"a\u{0}b\u{1B}[2Jc\u{202E}d"#))
    #expect(page.unicodeScalars.allSatisfy { $0 == "\n" || !$0.isUnseen })
  }
}

@Suite struct WorkOrderDeskTests {
  /// A desk on a free port for the length of `body`.
  private func withDesk(_ body: (WorkOrderDesk, URL) async throws -> Void) async throws {
    let desk = try WorkOrderDesk(secret: secret, clock: { now })
    let port = try await desk.start()
    do {
      try await body(desk, URL(string: "http://127.0.0.1:\(port)/")!)
    } catch {
      await desk.stop()
      throw error
    }
    await desk.stop()
    #expect(!accepts(port: port))
  }

  private func post(_ delivery: OrderBook.Delivery, to url: URL) async throws -> (HTTPURLResponse, String) {
    var request = URLRequest(url: url)
    request.httpMethod = "POST"
    request.httpBody = Data(delivery.body)
    request.setValue(delivery.id, forHTTPHeaderField: "webhook-id")
    request.setValue(delivery.timestamp, forHTTPHeaderField: "webhook-timestamp")
    request.setValue(delivery.signature, forHTTPHeaderField: "webhook-signature")
    request.setValue(delivery.contentType, forHTTPHeaderField: "content-type")
    let (data, response) = try await URLSession(configuration: .ephemeral).data(for: request)
    return (try #require(response as? HTTPURLResponse), String(decoding: data, as: UTF8.self))
  }

  private func status(_ delivery: OrderBook.Delivery, at url: URL) async throws -> Int {
    try await post(delivery, to: url).0.statusCode
  }

  @Test func takes_an_event_over_the_wire_once() async throws {
    try await withDesk { desk, url in
      let (first, body) = try await post(delivery(), to: url)
      #expect(first.statusCode == 201)
      #expect(body == #"{"reference":"WO-1001","status":"open"}"#)
      let (second, again) = try await post(delivery(), to: url)
      #expect(second.statusCode == 200)
      #expect(again == body)
      #expect(desk.orders.count == 1)
    }
  }

  @Test func is_closed_for_a_moment_and_says_when_to_come_back() async throws {
    try await withDesk { desk, url in
      desk.close(forNext: 1)
      let (closed, _) = try await post(delivery(), to: url)
      #expect(closed.statusCode == 503)
      #expect(closed.value(forHTTPHeaderField: "Retry-After") == "2")
      let code201 = try await status(delivery(), at: url)
      #expect(code201 == 201)
    }
  }

  @Test func refuses_what_is_too_large() async throws {
    try await withDesk { desk, url in
      let large = delivery(body: String(repeating: " ", count: 64 * 1024 + 1))
      let code413 = try await status(large, at: url)
      #expect(code413 == 413)
      let largest = delivery(body: event + String(repeating: " ", count: 64 * 1024 - event.utf8.count))
      let code201 = try await status(largest, at: url)
      #expect(code201 == 201)
    }
  }

  @Test func shows_its_orders() async throws {
    try await withDesk { desk, url in
      _ = try await post(delivery(), to: url)
      let (json, _) = try await URLSession(configuration: .ephemeral).data(from: url.appendingPathComponent("orders"))
      let shown = try JSONDecoder().decode([WorkOrder].self, from: json)
      #expect(shown == desk.orders)
      let (html, _) = try await URLSession(configuration: .ephemeral).data(from: url)
      #expect(String(decoding: html, as: UTF8.self).contains("WO-1001"))
    }
  }

  @Test func a_taken_port_is_an_error_with_its_number() async throws {
    try await withDesk { _, url in
      let port = try #require(url.port)
      let second = try WorkOrderDesk(secret: secret, clock: { now })
      let error = await #expect(throws: DemoError.self) { try await second.start(port: port) }
      #expect("\(error, default: "")".hasPrefix("the work-order desk cannot listen on 127.0.0.1:\(port): "))
    }
  }
}
