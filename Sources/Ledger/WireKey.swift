import Crypto
import Rules

/// The key an action carries on the wire: 32 hex digits, the same for every attempt and different in every
/// ledger, so that a copied site does not collide with the first in a shared ERP.
func wireKey(ledger: String, action: ActionKey) -> String {
  var writer = ByteWriter()
  writer.text(ledger)
  action.decision.encode(into: &writer)
  writer.integer(action.number)
  return SHA256.hash(data: writer.bytes).prefix(16).map { byte in
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }.joined()
}
