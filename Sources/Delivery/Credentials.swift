import Foundation
import Rules

/// What proves who sends a request: the adapter's authorisation with the site's secrets filled in.
package struct Credentials: Sendable {
  private enum Proof {
    case none
    case header(String)
    case signature(WebhookSignature)
  }
  private let proof: Proof

  /// Throws when a secret is missing or not in the form that is needed; `check` can ask before anything is sent.
  package init(_ authorisation: Authorisation, settings: AdapterSettings) throws(DeliveryError) {
    func secret(_ name: String) throws(DeliveryError) -> Secret {
      guard let secret = settings.secrets[name] else { throw .noSecret(name) }
      return secret
    }
    switch authorisation {
    case .none: proof = .none
    case .bearer(let name): proof = .header("Bearer \(try oneLine(try secret(name), name))")
    case .basic(let user, let password):
      let name = try oneLine(try secret(user), user)
      guard !name.contains(":") else { throw .unusableSecret(user, needs: "a user name has no colon in it") }
      let pair = "\(name):\(try oneLine(try secret(password), password))"
      proof = .header("Basic \(Data(pair.utf8).base64EncodedString())")
    case .standardWebhooks(let name):
      proof = .signature(try WebhookSignature(secret: try secret(name), named: name))
    }
  }

  /// The headers of one attempt, made for each: the idempotency key stays, timestamp and signature are of `time`.
  package func headers(key: String, at time: Instant, body: [UInt8]) -> [(name: String, value: String)] {
    // A structured-field string: the quotes are part of it.
    let idempotency = (name: "Idempotency-Key", value: "\"\(key)\"")
    switch proof {
    case .none: return [idempotency]
    case .header(let value): return [idempotency, ("Authorization", value)]
    case .signature(let signature): return [idempotency] + signature.headers(id: key, at: time, body: body)
    }
  }

  /// The form in which a secret travels, for whoever must take it out of a text; nil when it does not travel.
  var travelling: String? {
    guard case .header(let value) = proof else { return nil }
    return value.split(separator: " ").last.map(String.init)
  }
}

/// A secret read from a file often ends in a line break: it would end the header.
private func oneLine(_ secret: Secret, _ name: String) throws(DeliveryError) -> String {
  guard !secret.reveal.isEmpty,
    !secret.reveal.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
  else { throw .unusableSecret(name, needs: "one line of text, without a line break at its end") }
  return secret.reveal
}
