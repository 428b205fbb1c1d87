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
}
