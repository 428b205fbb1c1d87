import Foundation
import Glibc
import Synchronization

/// A real HTTP server that answers by script, also as no server should: plain sockets on a loopback address, one
/// connection after the other. The last answer of the script repeats.
final class DeskServer: Sendable {
  enum Answer: Sendable {
    case reply(Int, headers: [String] = [], body: String = "")
    /// Reads the request and closes.
    case close
    /// Reads the request, then says nothing until the client goes.
    case silence
    /// A body of so many bytes that does not say its length.
    case unmeasured(Int)
    /// A body without a length that never ends.
    case endlessBody
    case endlessHeaders
    case endlessInterim
    /// A good status, then a byte now and then.
    case trickle
    case garbage
  }

  struct Request: Sendable {
    var line: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
  }

  private struct State {
    var script: [Answer]
    var requests: [Request] = []
    var connections = 0
  }

  let port: UInt16
  private let listener: Int32
  private let state: Mutex<State>
  /// Instead of a script.
  private let answering: (@Sendable (Request) -> Answer)?
  /// Called when a request was read and before it is answered.
  let whenRead = Mutex<(@Sendable () -> Void)?>(nil)

  convenience init(_ script: Answer..., ipv6: Bool = false) { self.init(script, ipv6, nil) }

  /// Answers each request as it is told to.
  convenience init(answering: @escaping @Sendable (Request) -> Answer) { self.init([], false, answering) }

  private init(_ script: [Answer], _ ipv6: Bool, _ answering: (@Sendable (Request) -> Answer)?) {
    signal(SIGPIPE, SIG_IGN)
    (listener, port) = DeskServer.listen(ipv6: ipv6)
    state = Mutex(State(script: script))
    self.answering = answering
    let thread = Thread { [self] in serve() }
    thread.start()
  }

  var requests: [Request] { state.withLock { $0.requests } }
  var connections: Int { state.withLock { $0.connections } }
  var url: String { "http://127.0.0.1:\(port)" }

  /// A loopback port that nobody listens on.
  static func deadPort() -> UInt16 {
    let (socket, port) = listen(ipv6: false)
    Glibc.close(socket)
    return port
  }

  private static func listen(ipv6: Bool) -> (Int32, UInt16) {
    let descriptor = socket(ipv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    precondition(descriptor >= 0, "cannot make a socket: \(errno)")
    var four = sockaddr_in()
    four.sin_family = sa_family_t(AF_INET)
    four.sin_addr.s_addr = inet_addr("127.0.0.1")
    var six = sockaddr_in6()
    six.sin6_family = sa_family_t(AF_INET6)
    six.sin6_addr = in6addr_any  // IPv4-mapped addresses reach it too
    let size = socklen_t(ipv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
    func raw(_ body: (UnsafeMutablePointer<sockaddr>) -> Int32) -> Int32 {
      ipv6
        ? withUnsafeMutablePointer(to: &six) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
        : withUnsafeMutablePointer(to: &four) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
    }
    var length = size
    precondition(raw { bind(descriptor, $0, size) } == 0, "cannot bind: \(errno)")
    precondition(Glibc.listen(descriptor, 16) == 0, "cannot listen: \(errno)")
    precondition(raw { getsockname(descriptor, $0, &length) } == 0, "no port: \(errno)")
    return (descriptor, UInt16(bigEndian: ipv6 ? six.sin6_port : four.sin_port))
  }

  private func serve() {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { break }
      state.withLock { $0.connections += 1 }
      // A connection serves as many requests as its client likes.
      while let request = DeskServer.read(connection) {
        let scripted: Answer? = state.withLock { state in
          state.requests.append(request)
          guard answering == nil else { return nil }
          return state.script.count > 1 ? state.script.removeFirst() : state.script[0]
        }
        guard let answer = scripted ?? answering?(request) else { break }
        whenRead.withLock { $0 }?()
        DeskServer.give(answer, to: connection)
        guard case .reply = answer else { break }
      }
      Glibc.close(connection)
    }
    Glibc.close(listener)
  }

  private static func give(_ answer: Answer, to connection: Int32) {
    func send(_ text: String) -> Bool {
      let bytes = Array(text.utf8)
      return Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }
    switch answer {
    case .reply(let status, let headers, let body):
      let head = ["HTTP/1.1 \(status) Said", "Content-Length: \(body.utf8.count)"] + headers
      _ = send(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
    case .close: break
    case .silence: untilGone(connection)
    case .unmeasured(let count):
      _ = send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + String(repeating: "x", count: count))
    case .endlessBody:
      _ = send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
      while send(String(repeating: "x", count: 65536)) {}
    case .endlessHeaders:
      _ = send("HTTP/1.1 200 OK\r\n")
      while send("X-More: and more\r\n") {}
    case .endlessInterim: while send("HTTP/1.1 100 Continue\r\n\r\n") {}
    case .trickle:
      _ = send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
      // Paced by waiting for the client to go, not by a clock of the test.
      var descriptor = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
      while poll(&descriptor, 1, 50) == 0, send("x") {}
    case .garbage: _ = send("SSH-2.0-OpenSSH_9.2p1\r\n")
    }
  }

  private static func untilGone(_ connection: Int32) {
    var byte: UInt8 = 0
    while recv(connection, &byte, 1, 0) > 0 {}
  }

  /// Nil when what came is no whole request.
  private static func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65536)
    func more() -> Bool {
      let count = recv(connection, &part, part.count, 0)
      guard count > 0 else { return false }
      bytes += part[..<count]
      return true
    }
    let end = Array("\r\n\r\n".utf8)
    while bytes.firstRange(of: end) == nil {
      // A TLS greeting is no HTTP request.
      guard more(), bytes[0] != 0x16 else { return nil }
    }
    guard let split = bytes.firstRange(of: end) else { return nil }
    let lines = String(decoding: bytes[..<split.lowerBound], as: UTF8.self).split(separator: "\r\n").map(String.init)
    let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      return (String(line[..<colon]), String(value))
    }
    let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
    while bytes.count - split.upperBound < length { guard more() else { return nil } }
    return Request(line: lines.first ?? "", headers: headers, body: Array(bytes[split.upperBound...]))
  }
}
