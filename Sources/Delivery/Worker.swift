import Rules

/// What a dispatcher's thread does. Everything here is made and used on that thread.
final class Worker {
  private let settings: AdapterSettings
  private let queue: any ActionQueue
  private let site: String
  private let code: @Sendable () throws -> any AdapterCode
  private let clock: WallClock
  private let log: @Sendable (String) -> Void
  private var lastTrouble: String?

  /// Longest wait without a look. The clock is not ours (a faster one in a demo, a stepped one in a plant), and a
  /// missed wake must cost a second and not a work order.
  private static let idle = TimeSpan.seconds(1)
  private static let expecting = TimeSpan(microseconds: 250_000)

  init(
    settings: AdapterSettings, queue: any ActionQueue, site: String,
    code: @escaping @Sendable () throws -> any AdapterCode, clock: @escaping WallClock,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.settings = settings
    self.queue = queue
    self.site = site
    self.code = code
    self.clock = clock
    self.log = log
  }

  func run(until bell: Bell) {
    while bell.isOpen {
      do {
        let courier = try Courier(settings: settings, queue: queue, site: site, code: try code(), clock: clock)
        try deliver(by: courier, until: bell)
      } catch {
        // Nothing is claimed by an adapter that cannot speak: its actions stay ready until it can.
        trouble("cannot deliver: \(error)")
        _ = bell.wait(atMost: Worker.idle)
      }
    }
  }

  private func deliver(by courier: Courier, until bell: Bell) throws {
    while bell.isOpen {
      if let claim = try queue.claim(adapter: settings.name, now: clock()) {
        let (attempt, line) = courier.deliver(claim)
        queue.report(attempt)
        log("\(settings.name): \(line)")
        lastTrouble = nil
      } else {
        let due = try queue.nextDue(adapter: settings.name)
        lastTrouble = nil
        let pause = due.map { $0 > clock() ? min($0 - clock(), Worker.expecting) : Worker.expecting }
        guard bell.wait(atMost: pause ?? Worker.idle) else { return }
      }
    }
  }

  /// Says it once, however often it is tried again.
  private func trouble(_ text: String) {
    let line = onOneLine(Redaction(settings)(text))
    if line != lastTrouble { log("\(settings.name): \(line)") }
    lastTrouble = line
  }
}
