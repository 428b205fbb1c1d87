import Campaigns
import Foundation
import Ingest
import Rules
import Testing

/// The engine's part over many connections: it commits what it takes, and now and then it cannot, or dies before or
/// after a commit and starts again with what its journal has.
final class RestartingEngine {
  /// Numbers that were committed, each after the one before it.
  private(set) var received = 0
  /// The first that was not the next.
  private(set) var mistake: Value?
  private var lastEvent: LinkEvent?
  private(set) var matched = 0
  private var journal: [MessageMark] = []
  private var batch = Intake()
  private var source: MQTTSource
  private var dice: Dice
  private let port: Int
  private let ready = DispatchSemaphore(value: 0)

  init(port: Int, dice: Dice) throws {
    self.port = port
    self.dice = dice
    source = try Self.make(port)
    try source.start(delivered: []) { [ready] in ready.signal() }
  }

  /// Takes what is there and does something with it, again and again until `condition` holds.
  func turn(until condition: (RestartingEngine) -> Bool) throws {
    let end = ContinuousClock.now + .seconds(120)
    while !condition(self) {
      guard ContinuousClock.now < end else { throw Failure("waited in vain; \(source.condition)") }
      try turn()
    }
  }

  func turn() throws {
    _ = ready.wait(timeout: .now() + .milliseconds(5))
    source.take(into: &batch)
    guard !batch.inputs.isEmpty || !batch.marks.isEmpty else { return }
    switch dice.below(60) {
    case 0:
      source.hold()
      source.take(into: &batch)
      source.refused()
      batch = Intake()
    case 1:
      try restart()
    case 2:
      source.hold()
      source.take(into: &batch)
      keep()
      try restart()
    default:
      source.hold()
      source.take(into: &batch)
      keep()
      source.committed()
    }
  }

  private func keep() {
    for input in batch.inputs {
      if case .change(let change) = input {
        if change.value != .number(Double(received)) { mistake = mistake ?? change.value }
        received += 1
      }
      if case .source(_, let event, _) = input { expectLegal(event) }
    }
    journal += batch.marks
    if journal.count > 200_000 { journal.removeFirst(100_000) }
    batch = Intake()
  }

  private func restart() throws {
    source.stop()
    matched += source.condition.matched
    batch = Intake()
    source = try Self.make(port)
    try source.start(delivered: journal) { [ready] in ready.signal() }
  }

  /// What the process holds while the source rests.
  func quiet() -> Footprint {
    source.stop()
    matched += source.condition.matched
    batch = Intake()
    let footprint = Footprint()
    do {
      source = try Self.make(port)
      try source.start(delivered: journal) { [ready] in ready.signal() }
    } catch {
      Issue.record(error)
    }
    return footprint
  }

  func stop() { source.stop() }

  /// Caught up only after connected, and a new session only before it.
  private func expectLegal(_ event: LinkEvent) {
    if event == .caughtUp { #expect(lastEvent == .connected) }
    if lastEvent == .newSession { #expect(event == .connected) }
    lastEvent = event
  }

  private static func make(_ port: Int) throws -> MQTTSource {
    let settings = MQTTSettings(
      host: "127.0.0.1", port: port, clientID: "millwright-campaign",
      mappings: [
        MessageMapping(topic: [.exactly("plant"), .asset(many: false), .tag(many: false)], shape: .scalar)
      ])
    let id = SourceID(0)
    return try MQTTSource(
      id: id, name: "plant", settings: settings,
      bindings: [Binding(source: id, asset: "P-101", name: "Flow", tag: TagID(0))],
      backOff: BackOff(shortest: .zero, longest: .milliseconds(1)), clock: { Instant(seconds: 1_760_000_000) },
      log: { _ in })
  }
}

/// Publishes the numbers from 0, one a message, over one connection.
final class LinePublisher {
  private(set) var published = 0
  private let process = Process()
  private let pipe = Pipe()

  init(port: Int, topic: String) throws {
    process.executableURL = URL(filePath: "/usr/bin/mosquitto_pub")
    process.arguments = ["-h", "127.0.0.1", "-p", "\(port)", "-V", "5", "-t", topic, "-q", "1", "-l"]
    process.standardInput = pipe
    try process.run()
  }

  func publish(upTo count: Int) {
    guard published < count else { return }
    let lines = (published..<count).map { "\($0)\n" }.joined()
    pipe.fileHandleForWriting.write(Data(lines.utf8))
    published = count
  }

  func stop() {
    try? pipe.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
