import Foundation

/// A real mosquitto on a free port of 127.0.0.1, in a folder of its own.
final class Broker {
  let port: Int
  private let folder: URL
  private var process: Process?

  /// Without `start`, the port is free and nothing listens on it.
  init(starts: Bool = true, port: Int? = nil, configuration: String = "") throws {
    self.port = try port ?? Self.freePort()
    folder = FileManager.default.temporaryDirectory.appending(path: "broker-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try """
    listener \(self.port) 127.0.0.1
    allow_anonymous true
    max_queued_messages 100000
    \(configuration)
    """.write(to: folder.appending(path: "mosquitto.conf"), atomically: true, encoding: .utf8)
    if starts { try start() }
  }

  deinit {
    stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Returns when it accepts connections.
  func start() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/sbin/mosquitto")
    process.arguments = ["-c", folder.appending(path: "mosquitto.conf").path()]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.process = process
    let end = ContinuousClock.now + .seconds(10)
    while !accepts() {
      guard process.isRunning, ContinuousClock.now < end else { throw Failure("mosquitto does not listen") }
      sched_yield()
    }
  }

  func stop() {
    guard let process else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    self.process = nil
  }

  /// Returns when the broker has it.
  func publish(_ topic: String, _ payload: String, qos: Int = 1, retained: Bool = false) throws {
    try mosquittoPub(
      ["-t", topic, "-q", "\(qos)"] + (payload.isEmpty ? ["-n"] : ["-m", payload]) + (retained ? ["-r"] : []))
  }

  /// One message a line, over one connection.
  func publish(_ topic: String, lines: [String]) throws {
    try mosquittoPub(["-t", topic, "-q", "1", "-l"], input: lines.joined(separator: "\n") + "\n")
  }

  private func mosquittoPub(_ arguments: [String], input: String? = nil) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/mosquitto_pub")
    process.arguments = ["-h", "127.0.0.1", "-p", "\(port)", "-V", "5"] + arguments
    let pipe = Pipe()
    if input != nil { process.standardInput = pipe }
    try process.run()
    if let input {
      try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try pipe.fileHandleForWriting.close()
    }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure("mosquitto_pub: \(process.terminationStatus)") }
  }

  private func accepts() -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    return withAddress(port) { connect(descriptor, $0, $1) } == 0
  }

  static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    guard withAddress(0, { bind(descriptor, $0, $1) }) == 0 else { throw Failure("no free port") }
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}

/// Answers everyone who says something: the same bytes each time, or one answer after the other and then the last one
/// again and again. It closes, or keeps the link open and says no more.
// `changed` guards what changes.
final class CannedBroker: @unchecked Sendable {
  let port: Int
  private let listener: Int32
  private let changed = NSCondition()
  private var answers: [[UInt8]]
  private var conversations = 0
  private var isListening = true

  convenience init(answer: [UInt8], keepsOpen: Bool = false) throws {
    try self.init(answers: [answer], keepsOpen: keepsOpen)
  }

  init(answers: [[UInt8]], keepsOpen: Bool = false) throws {
    let port = try Broker.freePort()
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard withAddress(port, { bind(listener, $0, $1) }) == 0, listen(listener, 8) == 0 else {
      throw Failure("no listener")
    }
    self.port = port
    self.listener = listener
    self.answers = answers
    Thread { [weak self] in
      // Closed by the thread that accepts: a descriptor closed under it could be another's by the next time.
      defer {
        close(listener)
        self?.note { $0.isListening = false }
      }
      while true {
        let peer = accept(listener, nil, nil)
        guard peer >= 0 else { return }
        var bytes = [UInt8](repeating: 0, count: 1024)
        // A probe of the address says nothing.
        if read(peer, &bytes, bytes.count) > 0 {
          let answer = self?.next() ?? []
          _ = answer.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
          if !keepsOpen { shutdown(peer, Int32(SHUT_WR)) }
          // Until the other side closes.
          while read(peer, &bytes, bytes.count) > 0 {}
          self?.note { $0.conversations += 1 }
        }
        close(peer)
      }
    }.start()
  }

  private func next() -> [UInt8] {
    changed.withLock { answers.count > 1 ? answers.removeFirst() : answers[0] }
  }

  private func note(_ change: (CannedBroker) -> Void) {
    changed.lock()
    change(self)
    changed.broadcast()
    changed.unlock()
  }

  private func wait(_ what: String, until happened: () -> Bool) throws {
    let end = Date(timeIntervalSinceNow: 30)
    changed.lock()
    defer { changed.unlock() }
    while !happened() {
      guard changed.wait(until: end) else { throw Failure("waited in vain for \(what)") }
    }
  }

  /// So many have been answered and left again.
  var count: Int { changed.withLock { conversations } }

  /// Returns when so many have been answered and left again.
  func wait(conversations count: Int) throws {
    try wait("\(count) conversations") { conversations >= count }
  }

  /// Returns when the port is free.
  func stop() throws {
    shutdown(listener, Int32(SHUT_RDWR))
    try wait("the end of the broker") { !isListening }
  }

  deinit { if isListening { shutdown(listener, Int32(SHUT_RDWR)) } }
}

func withAddress<R>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}

struct Failure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
