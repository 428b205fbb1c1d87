import Rules

/// What became of one request. The two failures differ in the one thing that matters: whether the other side can
/// have seen any of it.
package enum HTTPResult: Sendable {
  /// An answer, whatever its status.
  case response(HTTPResponse)
  /// Not a byte of the request left: no address, no connection, no trust in the certificate, or refused by us.
  case notSent(String)
  /// The connection stood and the request was on its way; no whole answer came.
  case maybeSent(String)
}
