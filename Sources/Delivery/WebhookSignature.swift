import Crypto
import Foundation
import Rules

/// Signs and verifies messages as Standard Webhooks 1.0.0 says: HMAC-SHA256 over `id.timestamp.body`.
///
///     let signature = try WebhookSignature(secret: Secret("whsec_…"))
///     let headers = signature.headers(id: key, at: now, body: bytes)
///     try signature.verify(headers, body: bytes, now: now)
package struct WebhookSignature: Sendable {
  /// How far a message's timestamp may be from the receiver's clock, either way.
  package static let tolerance = TimeSpan.minutes(5)

  /// The first signs for whom knows only it; all of them sign, and any of them is believed: a key is changed
  /// by giving both for a while.
  private let keys: [SymmetricKey]

  /// `whsec_` and the base64 of 24 to 64 bytes; several, with spaces between, while a key is being changed.
  /// Throws without showing the secret.
  package init(secret: Secret, named name: String = "signing_key") throws(DeliveryError) {
    let needs = "'whsec_' and the base64 of 24 to 64 random bytes"
    var keys: [SymmetricKey] = []
    for part in secret.reveal.split(whereSeparator: \.isWhitespace) {
      guard part.hasPrefix("whsec_"), let bytes = Data(base64Encoded: String(part.dropFirst(6))),
        (24...64).contains(bytes.count)
      else { throw .unusableSecret(name, needs: needs) }
      keys.append(SymmetricKey(data: bytes))
    }
    guard !keys.isEmpty else { throw .unusableSecret(name, needs: needs) }
    self.keys = keys
  }

  /// The three headers of one attempt. `id` stays the same for every attempt; `at` is this one's, by the wall clock.
  package func headers(id: String, at time: Instant, body: [UInt8]) -> [(name: String, value: String)] {
    let seconds = (time - Instant(seconds: 0)).microseconds / 1_000_000
    let signed = Data("\(id).\(seconds).".utf8) + body
    let signatures = keys.map {
      "v1," + Data(HMAC<SHA256>.authenticationCode(for: signed, using: $0)).base64EncodedString()
    }
    return [
      ("webhook-id", id), ("webhook-timestamp", String(seconds)),
      ("webhook-signature", signatures.joined(separator: " ")),
    ]
  }

  /// For receivers: whether the body is what was signed, by one of these keys, within the tolerance of `now`.
  /// Header names in any case. Comparison takes the same time wherever a signature differs.
  package func verify(_ headers: [(name: String, value: String)], body: [UInt8], now: Instant) throws(Forgery) {
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
    guard let id = header("webhook-id"), let stamp = header("webhook-timestamp"),
      let signatures = header("webhook-signature"), !id.isEmpty
    else { throw .unsigned }
    // Digits and nothing else: what is signed is the text, and two texts must not mean one time.
    guard let seconds = Int64(stamp), String(seconds) == stamp else { throw .wrongTime }
    let away = (Instant(seconds: seconds) - now).microseconds.magnitude
    guard away <= WebhookSignature.tolerance.microseconds.magnitude else { throw .wrongTime }
    let signed = Data("\(id).\(stamp).".utf8) + body
    for signature in signatures.split(separator: " ") where signature.hasPrefix("v1,") {
      guard let code = Data(base64Encoded: String(signature.dropFirst(3))) else { continue }
      for key in keys where HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: key) { return }
    }
    throw .wrongSignature
  }

  /// Why a message is not believed.
  package enum Forgery: Error, Equatable {
    /// A header of the three is missing.
    case unsigned
    /// Older or newer than the tolerance allows, or no number: perhaps a recording played again.
    case wrongTime
    case wrongSignature
  }
}
