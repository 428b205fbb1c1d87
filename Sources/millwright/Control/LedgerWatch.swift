import Foundation
import Glibc
import Ledger
import Rules
import Synchronization

/// The thread that verifies the ledger while the engine runs: at the lowest priority, and no faster than a rate. It
/// logs what is found as soon as it is found.
final class LedgerWatch: Sendable {
  /// So much of the disk and of one core is left to the engine at all times.
  private static let bytesASecond = 4 << 20

  let verification: BackgroundVerification
  private let ended = DispatchSemaphore(value: 0)
  private let wake = DispatchSemaphore(value: 0)
  private let phase = Mutex(Phase.new)
  private enum Phase { case new, running, stopping }

  init(ledger path: String, clock: @escaping WallClock) {
    verification = BackgroundVerification(ledger: path, clock: clock)
  }

  func start(clock: @escaping WallClock, log: Log) {
    let isFirst = phase.withLock { phase in
      defer { if phase == .new { phase = .running } }
      return phase == .new
    }
    guard isFirst else { return }
    let thread = Thread { self.run(clock, log) }
    thread.name = "verification"
    thread.start()
  }

  private func run(_ clock: WallClock, _ log: Log) {
    // On Linux this is of the calling thread.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
    var told = Set(verification.status.troubles.map(\.words))
    while phase.withLock({ $0 == .running }) {
      let pause: Double
      switch verification.step() {
      case .read(let bytes): pause = Double(bytes) / Double(Self.bytesASecond)
      // The wall clock may be set meanwhile.
      case .idle(let until): pause = min(max((until - clock()).seconds, 1), 60)
      }
      let troubles = verification.status.troubles.map(\.words)
      for trouble in troubles where !told.contains(trouble) { log(.error, "verification", ["what": trouble]) }
      told = Set(troubles)
      _ = wake.wait(timeout: .now() + pause)
    }
    verification.keep()
    ended.signal()
  }

  /// Returns when the step in hand is done or left.
  func stop() {
    let was = phase.withLock { phase in
      defer { phase = .stopping }
      return phase
    }
    guard was == .running else { return }
    wake.signal()
    // A step that begins only now is not seen by the first interruption.
    repeat { verification.interrupt() } while ended.wait(timeout: .now() + 0.1) == .timedOut
  }
}
