import Campaigns
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
      try place.start(with: ["NOTIFY_SOCKET=\(place.folder)/notify", "WATCHDOG_USEC=300000"])
      var told: [String] = []
      try eventually("it is ready") {
        told += systemd.received()
        return told.contains("READY=1")
      }
      #expect(told.first { $0 != "WATCHDOG=1" } == "EXTEND_TIMEOUT_USEC=60000000", "\(told)")
      try eventually("the watchdog is told again and again while it runs") {
        told += systemd.received()
        return told.suffix(from: told.firstIndex(of: "READY=1") ?? 0).count { $0 == "WATCHDOG=1" } >= 3
      }
      #expect(place.stop() == 0)
    }
    await place.close()
  }
}
