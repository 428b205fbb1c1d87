import Campaigns
import Foundation
import Ingest
import Rules
import Synchronization
import Testing

/// Links that break in every way, many times.
///
/// Descriptors, threads and memory belong to the process, and other tests run beside this one: it starts itself
/// once more, alone.
@Suite struct ReconnectTests {
  private static let isAlone = ProcessInfo.processInfo.environment["MILLWRIGHT_ALONE"] == "yes"

  @Test func a_link_that_breaks_in_every_way_gives_each_message_once_and_leaks_nothing() throws {
    guard Self.isAlone else { return try alone("a_link_that_breaks") }
    let size = Campaign.size(600, large: 10_000)
    let plans = Mutex(Dice(Campaign.seed))
    let broker = try Broker()
    let proxy = try FaultProxy(to: broker.port) {
      plans.withLock { dice in
        // A third breaks within the broker's first answers.
        (dice.one(Fault.allCases), after: dice.below(3) == 0 ? dice.below(16) : dice.below(4_000))
      }
    }
    let engine = try RestartingEngine(port: proxy.port, dice: Dice(Campaign.seed &+ 1))
    let publisher = try LinePublisher(port: broker.port, topic: "plant/P-101/Flow")
    var early: Footprint?
    while proxy.faults.values.reduce(0, +) < size {
      publisher.publish(upTo: engine.received + 100)
      let done = proxy.faults
      try engine.turn { _ in proxy.faults != done || publisher.published < engine.received + 50 }
      // Once everything was done a few times, nothing may grow.
      if early == nil, proxy.faults.values.reduce(0, +) > size / 3 { early = engine.quiet() }
    }
    proxy.heal()
    try engine.turn { $0.received >= publisher.published }
    let late = engine.quiet()
    #expect(engine.mistake == nil && engine.received == publisher.published, "seed \(Campaign.seed)")
    #expect(proxy.faults.count == Fault.allCases.count, "\(proxy.faults)")
    #expect(engine.matched > 0, "nothing was ever delivered again")
    let before = try #require(early)
    // The system's own pool of threads comes and goes.
    #expect(late.threads <= before.threads + 4 && late.descriptors <= before.descriptors, "\(before) \(late)")
    #expect(late.memory <= before.memory + (8 << 20), "\(before) \(late)")
    engine.stop()
    publisher.stop()
    proxy.stop()
  }

  @Test func handshakes_that_fail_leak_nothing() throws {
    guard Self.isAlone else { return try alone("handshakes_that_fail") }
    let size = Campaign.size(100, large: 10_000)
    let certificates = try Certificates()
    try certificates.sign("right", host: "IP:127.0.0.1")
    let port = try Broker.freePort()
    let broker = try Broker(configuration: certificates.listener("right", port: port))
    let engine = try Listener(
      port: port, tls: .init(ca: certificates.path("theirs.pem"), certificate: nil, key: nil), backOff: .none)
    var early: Footprint?
    for count in stride(from: size / 10, through: size, by: size / 10) {
      try engine.wait("\(count) refusals") { $0.log.count >= count }
      if early == nil, count > size / 3 { early = Footprint() }
    }
    let late = Footprint()
    let before = try #require(early)
    // A connection may be open or not at the moment of looking.
    #expect(late.threads <= before.threads + 4 && late.descriptors <= before.descriptors + 8, "\(before) \(late)")
    #expect(late.memory <= before.memory + (8 << 20), "\(before) \(late)")
    withExtendedLifetime(broker) { engine.source.stop() }
  }

  /// Runs one test of this suite in a process of its own.
  private func alone(_ name: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    var arguments = Array(CommandLine.arguments.dropFirst())
    while let place = arguments.firstIndex(where: { ["--filter", "--skip"].contains($0) }) {
      arguments.removeSubrange(place...min(place + 1, arguments.count - 1))
    }
    process.arguments = arguments + ["--filter", "ReconnectTests.*\(name)"]
    process.environment = ProcessInfo.processInfo.environment.merging(["MILLWRIGHT_ALONE": "yes"]) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && said.contains("passed"), "\(said)")
  }
}

/// What a process holds.
struct Footprint {
  var threads: Int
  var descriptors: Int
  /// Resident, in bytes.
  var memory: Int

  init() {
    let files = FileManager.default
    threads = (try? files.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
    descriptors = (try? files.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")[1]
    memory = (pages.flatMap { Int($0) } ?? 0) * 4_096
  }
}
