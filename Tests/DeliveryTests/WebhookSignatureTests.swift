import Delivery
import Rules
import Testing

/// The vector of the reference libraries of Standard Webhooks.
struct WebhookSignatureTests {
  let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
  let time = Instant(seconds: 1_614_265_330)
  let body = Array(#"{"test": 2432232314}"#.utf8)
  let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

  func signature(_ secret: String = signingKey) throws -> WebhookSignature {
    try WebhookSignature(secret: Secret(secret))
  }

  @Test func signs_as_the_reference_libraries_do() throws {
    let headers = try signature().headers(id: id, at: time, body: body)
    #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
    #expect(headers.map(\.value) == [id, "1614265330", expected])
  }

  @Test func both_keys_sign_while_a_key_is_changed() throws {
    let other = "whsec_" + String(repeating: "QUJD", count: 8)
    let headers = try signature("\(other) \(signingKey)").headers(id: id, at: time, body: body)
    #expect(headers[2].value.hasSuffix(" " + expected))
    try signature(other).verify(headers, body: body, now: time)
    try signature().verify(headers, body: body, now: time)
  }

  @Test func a_changed_byte_is_found() throws {
    let headers = try signature().headers(id: id, at: time, body: body)
    #expect(throws: WebhookSignature.Forgery.wrongSignature) {
      try signature().verify(headers, body: body + [32], now: time)
    }
    let renamed = [("Webhook-Id", "msg_other"), headers[1], headers[2]]
    #expect(throws: WebhookSignature.Forgery.wrongSignature) {
      try signature().verify(renamed, body: body, now: time)
    }
    let stranger = "whsec_" + String(repeating: "QUJD", count: 8)
    #expect(throws: WebhookSignature.Forgery.wrongSignature) {
      try signature(stranger).verify(headers, body: body, now: time)
    }
  }

  @Test func five_minutes_either_way_and_no_more() throws {
    let headers = try signature().headers(id: id, at: time, body: body)
    try signature().verify(headers, body: body, now: time + .minutes(5))
    try signature().verify(headers, body: body, now: time - .minutes(5))
    for away in [TimeSpan.seconds(301), .seconds(-301)] {
      #expect(throws: WebhookSignature.Forgery.wrongTime) {
        try signature().verify(headers, body: body, now: time + away)
      }
    }
  }

  @Test(arguments: ["", "+1614265330", "01614265330", "1614265330.0", "soon", "99999999999999999999"])
  func a_timestamp_is_digits_and_nothing_else(stamp: String) throws {
    let headers = [("webhook-id", id), ("webhook-timestamp", stamp), ("webhook-signature", expected)]
    #expect(throws: WebhookSignature.Forgery.wrongTime) { try signature().verify(headers, body: body, now: time) }
  }

  @Test func nothing_is_believed_without_its_three_headers() throws {
    let headers = try signature().headers(id: id, at: time, body: body)
    for place in 0..<3 {
      var fewer = headers
      fewer.remove(at: place)
      #expect(throws: WebhookSignature.Forgery.unsigned) { try signature().verify(fewer, body: body, now: time) }
    }
  }

  @Test(arguments: ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_not-base-64", "whsec_QUJDREVG"])
  func a_secret_of_another_form_is_refused_without_being_shown(secret: String) {
    let error = #expect(throws: DeliveryError.self) { try signature(secret) }
    #expect(error.map { secret.isEmpty || !"\($0)".contains(secret) || secret == "whsec_" } == true)
  }
}
