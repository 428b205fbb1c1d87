import CCurl
import Glibc

/// What libcurl's callbacks see and collect during one request. It lives for that request.
final class Exchange {
  static let largestBody = 1 << 20
  static let mostHeaders = 128
  static let largestHeaders = 1 << 16

  /// Plain http: only a loopback address may be connected to.
  let plain: Bool
  /// The connection stood and the request was about to leave: from here on it may have been seen.
  var began = false
  /// An address that was not connected to because it is not loopback.
  var refusedAddress: String?
  /// What the answer had too much of; the transfer was ended there.
  var excess: String?
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
  private var headerLines = 0
  private var headerBytes = 0

  init(plain: Bool) { self.plain = plain }

  /// False: enough.
  func take(body bytes: UnsafeRawBufferPointer) -> Bool {
    guard body.count + bytes.count <= Exchange.largestBody else {
      excess = "a body of more than \(Exchange.largestBody >> 20) MiB"
      return false
    }
    body.append(contentsOf: bytes)
    return true
  }

  /// One line, its end included. Lines are counted over all parts of an answer: interim answers have no end otherwise.
  func take(header bytes: UnsafeRawBufferPointer) -> Bool {
    headerLines += 1
    headerBytes += bytes.count
    guard headerLines <= Exchange.mostHeaders, headerBytes <= Exchange.largestHeaders else {
      excess = "more than \(Exchange.mostHeaders) header lines or \(Exchange.largestHeaders >> 10) KiB of them"
      return false
    }
    let line = String(decoding: bytes, as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      headers = []  // the last status line counts; what came before was an interim answer
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...]
      headers.append((line[..<colon].lowercased(), trimmed(value)))
    }
    return true
  }
}

private func trimmed(_ text: Substring) -> String {
  var text = text
  while let first = text.first, first.isWhitespace { text.removeFirst() }
  while let last = text.last, last.isWhitespace { text.removeLast() }
  return String(text)
}

private func exchange(_ context: UnsafeMutableRawPointer?) -> Exchange {
  guard let context else { preconditionFailure("libcurl called back without the context it was given") }
  return Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
}

/// Anything but `count` back ends the transfer.
let takeBody: curl_write_callback = { bytes, size, count, context in
  let part = UnsafeRawBufferPointer(start: bytes, count: size * count)
  return exchange(context).take(body: part) ? size * count : 0
}

let takeHeader: curl_write_callback = { bytes, size, count, context in
  let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
  return exchange(context).take(header: line) ? size * count : 0
}

let openSocket: curl_opensocket_callback = { context, _, address in
  let refused = curl_socket_t(-1)  // CURL_SOCKET_BAD, a cast that Swift does not import
  guard let address, let target = curl_address(address) else { return refused }
  let exchange = exchange(context)
  let length = Int(address.pointee.addrlen)
  if exchange.plain, !isLoopback(target, length: length) {
    exchange.refusedAddress = numeric(target, length: length)
    return refused
  }
  let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
  return socket(address.pointee.family, kind, address.pointee.protocol)
}

let noteBeginning: curl_prereq_callback = { context, _, _, _, _ in
  exchange(context).began = true
  return CURL_PREREQFUNC_OK
}
