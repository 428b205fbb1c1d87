import Campaigns
import Demo
import Dispatch
import Foundation
import Ledger
import Rules
import Synchronization
import Testing

/// A copy of the example site in a folder of its own, with one quick rule, a real broker, and the desk; the engine
/// runs as the command, in a process of its own.
final class Workplace: Sendable {
  static let root = SimulatedPlantTests.root
  let folder: String
  let broker: Broker
  let desk: WorkOrderDesk
  let integrations: String
  private let running = Mutex<ChildProcess?>(nil)
  var engine: ChildProcess? { running.withLock { $0 } }

  /// Fires two seconds after the suction pressure of a pump fell under 0.4 bar g.
  static let rule = """
    rule {
      title = "Suction low", owner = "rotating-equipment", applies_to = "CentrifugalPump",
      limits = { low = 0.4 },
      reads = { suction = latest "SuctionPressure [bar g]" },
      when = function(pump, limits) return pump.suction < limits.low end,
      held_for = "2 s",
      check_first = { "suction valve open" },
      actions = { work_order { priority = 2, title = "Check the suction strainer of {asset}" } },
    }
    """

  /// The person that whoever runs these tests is to the site.
  static let login = getpwuid(getuid()).flatMap { String(cString: $0.pointee.pw_name) } ?? "\(getuid())"

  /// Orders go to the desk, or to another server of 127.0.0.1. `workOrders` is how far the rule may go. The files of
  /// the site can be changed before they are written.
  init(
    workOrders tier: Tier = .act, orders: Int? = nil, rule: String = Workplace.rule,
    integrations: String = root + "/integrations",
    change: (_ site: inout String, _ assets: inout String) -> Void = { _, _ in }
  ) async throws {
    self.integrations = integrations
    folder = FileManager.default.temporaryDirectory.path + "/millwright-e2e-\(UUID().uuidString)"
    let site = folder + "/site"
    try FileManager.default.createDirectory(
      atPath: site + "/state/secrets", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try FileManager.default.createDirectory(atPath: folder + "/rules", withIntermediateDirectories: true)
    broker = try Broker(folder: folder + "/broker", persistent: true)
    let secret = "whsec_" + Data((0..<32).map { UInt8($0) }).base64EncodedString()
    desk = try WorkOrderDesk(
      secret: Secret(secret), clock: { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) })
    let port = try await desk.start()
    var text = try String(contentsOfFile: Self.root + "/site/site.yaml", encoding: .utf8)
      .replacingOccurrences(of: "port: 1883", with: "port: \(broker.port)")
      .replacingOccurrences(of: "127.0.0.1:8088", with: "127.0.0.1:\(orders ?? port)")
      .replacingOccurrences(of: "lateness: 2 s", with: "lateness: 200 ms")
      .replacingOccurrences(of: "kind: work_order, tier: act", with: "kind: work_order, tier: \(tier.rawValue)")
      .replacingOccurrences(of: "email: h.weber@riverside.example", with: "login: \(Self.login)")
    // The limit of a rule that is not here has nobody to override it.
    var assets = try String(contentsOfFile: Self.root + "/site/assets.yaml", encoding: .utf8)
      .replacingOccurrences(of: "pump_cavitation: {vibration_high: 8.5}", with: "suction_low: {low: 0.3}")
    change(&text, &assets)
    try text.write(toFile: site + "/site.yaml", atomically: true, encoding: .utf8)
    try assets.write(toFile: site + "/assets.yaml", atomically: true, encoding: .utf8)
    try rule.write(toFile: folder + "/rules/suction_low.lua", atomically: true, encoding: .utf8)
    try secret.write(toFile: site + "/state/secrets/desk_signing_key", atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: site + "/state/secrets/desk_signing_key")
  }

  func close() async {
    engine?.kill()
    broker.stop()
    await desk.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  // MARK: The engine

  var arguments: [String] {
    [folder + "/site", "--rules", folder + "/rules", "--integrations", integrations]
  }
  var log: String { (try? String(contentsOfFile: folder + "/engine.log", encoding: .utf8)) ?? "" }
  var ledger: String { folder + "/site/state/ledger.sqlite" }

  /// Starts the engine, with more in its environment (`NAME=value`), and waits until it has caught up with the broker.
  func start(with environment: [String] = []) throws {
    let before = caughtUps
    // env becomes what it starts, so that the process is the engine's.
    let child = try ChildProcess(
      "/usr/bin/env", environment + [Self.command, "run"] + arguments, log: folder + "/engine.log")
    running.withLock { $0 = child }
    try eventually("the engine catches up with the broker") {
      if !child.isRunning { throw DidNotHappen(what: "the engine runs; it said: \(log)") }
      return caughtUps > before
    }
  }

  /// How often the journal says that the source has caught up.
  private var caughtUps: Int {
    guard FileManager.default.fileExists(atPath: ledger), let reader = try? LedgerReader(path: ledger) else { return 0 }
    var count = 0
    try? reader.replay(from: 1) { _, input in
      if case .source(_, .caughtUp, _) = input { count += 1 }
    }
    return count
  }

  func kill() { engine?.kill() }

  /// Asks it to end; gives its exit code.
  func stop() -> Int32? {
    engine?.stop()
    return engine?.exitCode
  }

  // MARK: The plant and the command line

  static let command = root + "/.build/release/millwright"

  /// Publishes with mosquitto's own tool; true when the broker has it.
  func publish(_ topic: String, _ payload: String) throws {
    let tool = try #require(executable("mosquitto_pub"), "mosquitto-clients is not installed")
    let child = try ChildProcess(
      tool, ["-h", "127.0.0.1", "-p", "\(broker.port)", "-q", "1", "-t", topic, "-m", payload], log: folder + "/pub.log"
    )
    #expect(child.wait(seconds: 20) && child.exitCode == 0)
  }

  /// One value of a pump's suction pressure, now.
  func suction(_ pump: String, _ value: Double) throws {
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    try publish(
      "riverside/utilities/\(pump)/SuctionPressure", #"{"value": \#(value), "ts": \#(now), "quality": "good"}"#)
  }

  /// Runs a subcommand to its end.
  func run(_ arguments: String...) throws -> (code: Int32, output: String) { try run(arguments) }

  func run(_ arguments: [String]) throws -> (code: Int32, output: String) {
    let log = folder + "/command-\(UUID().uuidString).log"
    let child = try ChildProcess(Self.command, arguments, log: log)
    guard child.wait(seconds: 60), let code = child.exitCode else {
      child.kill()
      throw DidNotHappen(what: "millwright \(arguments.joined(separator: " ")) ends")
    }
    return (code, try String(contentsOfFile: log, encoding: .utf8))
  }
}

/// Runs what waits for other processes on a thread of its own: the few threads that tasks share would stand still, and
/// with them the desk that the test waits for.
func onAThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
  }
}
