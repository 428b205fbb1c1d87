import Crypto
import Foundation
import Rules

/// The receiving end of Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`.
struct DeskSignature: Sendable {
  static let tolerance = TimeSpan.minutes(5)
  private let key: SymmetricKey

  init(_ secret: Secret) throws {
    let prefix = "whsec_"
    guard secret.reveal.hasPrefix(prefix),
      let bytes = Data(base64Encoded: String(secret.reveal.dropFirst(prefix.count))), bytes.count >= 24
    else { throw DemoError.badSecret }
    key = SymmetricKey(data: bytes)
  }

  /// Why a delivery is not believed; nil when it is. Compares in constant time.
  func reasonToDoubt(_ delivery: OrderBook.Delivery, now: Instant) -> String? {
    guard let id = delivery.id, let timestamp = delivery.timestamp, let signatures = delivery.signature else {
      return "webhook-id, webhook-timestamp and webhook-signature are all needed"
    }
    guard let seconds = Int64(timestamp) else { return "webhook-timestamp is no number of seconds" }
    let sent = Instant(seconds: seconds)
    guard max(now - sent, sent - now) <= DeskSignature.tolerance else {
      return "webhook-timestamp is more than \(DeskSignature.tolerance) away from this desk's clock"
    }
    let signed = Data("\(id).\(timestamp).".utf8) + delivery.body
    // Several while the key is being changed: one that fits is enough.
    let fits = signatures.split(separator: " ").contains { entry in
      guard entry.hasPrefix("v1,"), let code = Data(base64Encoded: String(entry.dropFirst(3))) else { return false }
      return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: key)
    }
    return fits ? nil : "webhook-signature does not fit this body and this desk's key"
  }
}
