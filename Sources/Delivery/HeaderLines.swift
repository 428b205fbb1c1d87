import Rules

/// The header lines of one attempt, as libcurl takes them: the adapter's own and those of this attempt.
struct HeaderLines: Equatable {
  private(set) var lines: [String] = []

  /// Headers that decide how the request is framed, where it goes, or who is believed: the engine's alone.
  private static let ours: Set<String> = [
    "host", "content-length", "transfer-encoding", "connection", "expect", "te", "upgrade", "authorization",
    "proxy-authorization", "idempotency-key", "webhook-id", "webhook-timestamp", "webhook-signature",
  ]
  private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

  /// Throws when a header could end its line, or is one that is not the adapter's to set.
  init(of request: HTTPRequest, adding: [(name: String, value: String)]) throws(DeliveryError) {
    guard HeaderLines.methods.contains(request.method) else {
      throw .unusableRequest("method '\(onOneLine(request.method, limit: 20))' is none of \(HeaderLines.methods)")
    }
    for header in request.headers where HeaderLines.ours.contains(header.name.lowercased()) {
      throw .unusableRequest("the header '\(header.name)' is set by the engine; remove it from the adapter")
    }
    for header in request.headers + adding { lines.append(try line(header)) }
    // libcurl would add both by itself: a form's content type, and a wait for "100 Continue".
    if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) { lines.append("Content-Type:") }
    lines.append("Expect:")
  }
}

/// Throws without the value: it may be a secret.
private func line(_ header: (name: String, value: String)) throws(DeliveryError) -> String {
  guard !header.name.isEmpty, header.name.utf8.allSatisfy(isToken) else {
    throw .unusableRequest("'\(onOneLine(header.name, limit: 40))' is no name of a header")
  }
  guard header.value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
    throw .unusableRequest("the value of the header '\(header.name)' has a line break or control character in it")
  }
  // libcurl leaves out a header written with a colon and nothing behind it.
  return header.value.allSatisfy(\.isWhitespace) ? "\(header.name);" : "\(header.name): \(header.value)"
}

/// RFC 9110's `tchar`.
private func isToken(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "a")...UInt8(ascii: "z"):
    true
  default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
