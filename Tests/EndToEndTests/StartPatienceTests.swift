import Demo
import Foundation
import Glibc
import Ledger
import Rules
import Synchronization
import Testing
import millwright

/// What systemd is told while the state is brought back.
@Suite struct StartPatienceTests {
  private final class Clock: Sendable {
    private let time = Mutex(Instant(seconds: 1_000))
    @Sendable func now() -> Instant { time.withLock { $0 } }
    func pass(_ seconds: Int64) { time.withLock { $0 = $0 + .seconds(seconds) } }
  }
  private final class Told { var states: [String] = [] }

  @Test func a_start_asks_for_time_as_long_as_it_goes_on() {
    let (clock, told) = (Clock(), Told())
    var patience = StartPatience(clock.now, tell: { told.states.append($0) })
    func goOn(after seconds: Int64) {
      clock.pass(seconds)
      patience.ask()
    }
    goOn(after: 0)
    #expect(told.states == ["EXTEND_TIMEOUT_USEC=60000000"])
    for _ in 0..<9 { goOn(after: 1) }
    #expect(told.states.count == 1, "no storm of messages")
    goOn(after: 1)
    #expect(told.states.count == 2)
    goOn(after: 50)
    #expect(told.states.count == 3)
  }

  @Test func systemd_hears_of_a_long_start_and_of_its_end() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let publisher = try PlantPublisher(host: "127.0.0.1", port: place.broker.port)
      let now = Int64(Date().timeIntervalSince1970 * 1000)
      for number in 0..<3_000 {
        try publisher.publish(
          PlantMessage(
            topic: "riverside/utilities/P-101/SuctionPressure",
            payload: #"{"value": \#(1 + Double(number % 7) / 10), "ts": \#(now + Int64(number)), "quality": "good"}"#))
      }
      #expect(publisher.flush(seconds: 60))
      publisher.close()
      try eventually("all are in the journal") {
        var inputs = 0
        try LedgerReader(path: place.ledger).replay(from: 1) { _, _ in inputs += 1 }
        return inputs > 3_000
      }
      // Without a last snapshot there is something to bring back.
      place.kill()
      let systemd = try DatagramSocket(path: place.folder + "/notify")
      try place.start(with: ["NOTIFY_SOCKET=\(place.folder)/notify"])
      var told: [String] = []
      try eventually("it is ready") {
        told += systemd.received()
        return told.contains("READY=1")
      }
      #expect(told.first == "EXTEND_TIMEOUT_USEC=60000000", "\(told)")
      #expect(place.stop() == 0)
    }
    await place.close()
  }
}

/// A socket as systemd has one for those it starts.
private final class DatagramSocket {
  private let descriptor: Int32

  init(path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard descriptor >= 0, bound == 0 else { throw DidNotHappen(what: "a socket at \(path)") }
  }

  deinit { Glibc.close(descriptor) }

  func received() -> [String] {
    var states: [String] = []
    var bytes = [UInt8](repeating: 0, count: 1_024)
    while case let count = recv(descriptor, &bytes, bytes.count, 0), count > 0 {
      states.append(String(decoding: bytes[..<count], as: UTF8.self))
    }
    return states
  }
}
