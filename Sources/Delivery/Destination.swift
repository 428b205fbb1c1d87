import CCurl
import Glibc
import Rules

/// Where a request goes: the adapter's base URL with a path joined to it, and the one protocol it may use.
package struct Destination: Equatable {
  package let url: String
  /// Plain http: allowed to a loopback address only, which is checked on the socket and not on the text.
  package let isPlain: Bool

  /// Throws when the URL is not one this adapter may use, or when the path could lead out of it.
  package init(path: String, of settings: AdapterSettings) throws(DeliveryError) {
    var base = settings.baseURL
    while base.hasSuffix("/") { base.removeLast() }
    // A query or fragment would swallow the path that is joined to it; a user name would be a secret in a URL.
    // What is behind them may be a secret, so this URL is not shown.
    guard !base.contains(where: { "?#@".contains($0) }) else {
      throw .unusableURL("(not shown)", "has a query, a fragment or a user name in it")
    }
    let scheme = base.lowercased()
    isPlain = scheme.hasPrefix("http://")
    guard isPlain || scheme.hasPrefix("https://") else { throw .unusableURL(base, "does not begin with https://") }
    guard !isPlain || settings.plainOnLoopback else {
      throw .unusableURL(base, "is plain http; use https, or allow plain http to a loopback address")
    }
    try Destination.check(path: path)
    // Without its leading slash a path would continue the host's name: `https://desk` and `.evil.example`.
    url = base + (path.isEmpty || path.hasPrefix("/") ? path : "/" + path)
  }

  /// Throws when no URL can hold the path.
  static func check(path: String) throws(DeliveryError) {
    guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
      throw .unusableRequest(
        "the path '\(onOneLine(path, limit: 80))' has a space, a '#', a control or a non-ASCII character in it")
    }
  }
}

/// Whether a socket address is of this machine's loopback: 127.0.0.0/8, ::1, or the former mapped into IPv6.
/// It looks at the bytes that would be connected to, so no spelling of a host (`2130706433`, `0x7f.1`) and no
/// answer of a name server gets past it.
package func isLoopback(_ address: UnsafePointer<sockaddr>, length: Int) -> Bool {
  let raw = UnsafeRawPointer(address)
  switch Int32(address.pointee.sa_family) {
  case AF_INET:
    guard length >= MemoryLayout<sockaddr_in>.size else { return false }
    return raw.load(fromByteOffset: 4, as: UInt8.self) == 127
  case AF_INET6:
    guard length >= MemoryLayout<sockaddr_in6>.size else { return false }
    let bytes = (0..<16).map { raw.load(fromByteOffset: 8 + $0, as: UInt8.self) }
    if bytes == Array(repeating: 0, count: 15) + [1] { return true }
    return bytes.prefix(12) == Array(repeating: 0, count: 10) + [0xFF, 0xFF] && bytes[12] == 127
  default: return false
  }
}

/// The address in digits, for people: `10.0.0.1`.
func numeric(_ address: UnsafePointer<sockaddr>, length: Int) -> String {
  var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
  guard getnameinfo(address, socklen_t(length), &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0
  else { return "an address of family \(address.pointee.sa_family)" }
  return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
