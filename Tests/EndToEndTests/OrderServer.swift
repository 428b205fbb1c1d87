import Campaigns
import Foundation
import LedgerWriter
import Synchronization

/// A system that work orders go to, as bad as one may be: it takes an order, and then, now and then, dies before it
/// answers. It knows the key of what it has taken and makes no second order of it; what it was sent is all kept.
final class OrderServer: Sendable {
  /// One request that came in whole.
  struct Delivery: Sendable, Equatable {
    var key: String
    var body: [UInt8]
    var wasAnswered: Bool
  }
  let port: Int
  private let listener: Int32
  private let state: Mutex<(deliveries: [Delivery], dice: SplitMix, dies: Bool)>

  /// One in `oneIn` requests is not answered.
  init(seed: UInt64, dying oneIn: Int) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let found = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &size) == 0
      }
    }
    guard found else { throw DidNotHappen(what: "the order server listens") }
    self.listener = listener
    port = Int(UInt16(bigEndian: address.sin_port))
    state = Mutex(([], SplitMix(seed), true))
    Thread.detachNewThread { [self] in
      while true {
        let peer = accept(listener, nil, nil)
        if peer < 0 { return }
        Thread.detachNewThread { self.serve(peer, oneIn) }
      }
    }
  }

  /// All that came in whole, in order.
  var deliveries: [Delivery] { state.withLock { $0.deliveries } }
  /// From now on every request is answered.
  func recover() { state.withLock { $0.dies = false } }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  /// One connection, request after request.
  private func serve(_ peer: Int32, _ oneIn: Int) {
    defer { close(peer) }
    var bytes: [UInt8] = []
    while true {
      var part = [UInt8](repeating: 0, count: 65_536)
      let count = read(peer, &part, part.count)
      if count <= 0 { return }
      bytes += part.prefix(count)
      while let (key, body, rest) = Self.request(in: bytes) {
        bytes = rest
        // The order is made; whether anybody hears of it is another matter.
        let isAnswered = state.withLock { state in
          let isAnswered = !state.dies || state.dice.below(oneIn) != 0
          state.deliveries.append(Delivery(key: key, body: body, wasAnswered: isAnswered))
          return isAnswered
        }
        guard isAnswered else { return }
        let said = #"{"reference": "WO-\#(key.suffix(12))"}"#
        let answer =
          "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: \(said.utf8.count)\r\n\r\n\(said)"
        if Array(answer.utf8).withUnsafeBytes({ send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) })
          < 0
        {
          return
        }
      }
    }
  }

  /// The first request's key and body, and what follows it; nil while it is not whole.
  private static func request(in bytes: [UInt8]) -> (key: String, body: [UInt8], rest: [UInt8])? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    var (key, length) = ("", 0)
    for line in text[..<end.lowerBound].components(separatedBy: "\r\n") {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2 else { continue }
      if parts[0].lowercased() == "webhook-id" { key = parts[1] }
      if parts[0].lowercased() == "content-length" { length = Int(parts[1]) ?? 0 }
    }
    let start = text[..<end.upperBound].utf8.count
    guard bytes.count >= start + length else { return nil }
    return (key, Array(bytes[start..<(start + length)]), Array(bytes[(start + length)...]))
  }
}
