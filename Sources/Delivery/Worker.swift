import Rules

/// What a dispatcher's thread does. Everything here is made and used on that thread.
final class Worker {
  private let settings: AdapterSettings
  private let queue: any ActionQueue
  private let site: String
  private let code: @Sendable () throws -> any AdapterCode
  private let secretsAgain: (@Sendable () -> [String: Secret]?)?
  private let clock: WallClock
  private let log: @Sendable (String) -> Void
  private var lastTrouble: String?
  private var breaker = Breaker()

  /// Longest wait without a look. The clock is not ours (a faster one in a demo, a stepped one in a plant), and a
  /// missed wake must cost a second and not a work order.
  private static let idle = TimeSpan.seconds(1)
  private static let expecting = TimeSpan(microseconds: 250_000)

  init(
    settings: AdapterSettings, queue: any ActionQueue, site: String,
    code: @escaping @Sendable () throws -> any AdapterCode, secretsAgain: (@Sendable () -> [String: Secret]?)?,
    clock: @escaping WallClock, log: @escaping @Sendable (String) -> Void
  ) {
    self.settings = settings
    self.queue = queue
    self.site = site
    self.code = code
    self.secretsAgain = secretsAgain
    self.clock = clock
    self.log = log
  }

  func run(until bell: Bell) {
    while bell.isOpen {
      do {
        let courier = try Courier(
          settings: settings, queue: queue, site: site, code: try code(), secretsAgain: secretsAgain, clock: clock)
        try deliver(by: courier, until: bell)
      } catch {
        // Nothing is claimed by an adapter that cannot speak: its actions stay ready until it can.
        trouble("cannot deliver: \(error)")
        _ = bell.wait(atMost: Worker.idle)
      }
    }
  }

  private func deliver(by courier: Courier, until bell: Bell) throws {
    let skills = courier.code.skills
    while bell.isOpen {
      if let wait = breaker.wait(at: clock()) {
        guard bell.wait(atMost: min(wait, Worker.idle)) else { return }
      } else if let errand = try queue.next(adapter: settings.name, skills: skills, now: clock()) {
        try finish(courier.run(errand))
        lastTrouble = nil
      } else {
        let due = try queue.nextDue(adapter: settings.name, skills: skills)
        lastTrouble = nil
        let pause = due.map { $0 > clock() ? min($0 - clock(), Worker.expecting) : Worker.expecting }
        guard bell.wait(atMost: pause ?? Worker.idle) else { return }
      }
    }
  }

  private func finish(_ outcome: Courier.Outcome) throws {
    // First, so that whoever hears of it finds the adapter left alone already.
    let now = clock()
    let isShut = outcome.sign.map { breaker.note($0, at: now) } ?? false
    for command in outcome.commands { queue.report(command) }
    if let line = outcome.line { log("\(settings.name): \(line)") }
    if isShut, let wait = breaker.wait(at: now) {
      let why = outcome.sign == .failed ? "it failed \(Breaker.patience) times in a row" : "it asked for that"
      log("\(settings.name): nothing is sent for \(wait): \(why)")
    }
    if let next = outcome.nextFollow { try queue.postpone(next.action, until: next.at) }
  }

  /// Says it once, however often it is tried again.
  private func trouble(_ text: String) {
    let line = onOneLine(Redaction(settings)(text))
    if line != lastTrouble { log("\(settings.name): \(line)") }
    lastTrouble = line
  }
}
