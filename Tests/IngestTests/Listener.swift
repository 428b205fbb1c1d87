import Foundation
import Ingest
import Rules

/// The engine's part in a test: takes what a source reads, until something is there.
final class Listener {
  let source: MQTTSource
  private(set) var intake = Intake()
  let log = Log()
  private let ready = DispatchSemaphore(value: 0)

  /// Lines of the source's log; written by its thread.
  // `lock` guards the lines.
  final class Log: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []
    func add(_ line: String) { lock.withLock { lines.append(line) } }
    var all: [String] { lock.withLock { lines } }
  }

  /// Topics `plant/ASSET/TAG` with bare values, and `json/ASSET/TAG` with value and time.
  init(port: Int, host: String = "127.0.0.1") throws {
    let words: [String: Quality] = ["good": .good]
    let settings = MQTTSettings(
      host: host, port: port, clientID: "millwright-test", keepAlive: .seconds(5),
      mappings: [
        MessageMapping(topic: [.exactly("plant"), .asset(many: false), .tag(many: false)], shape: .scalar),
        MessageMapping(
          topic: [.exactly("json"), .asset(many: false), .tag(many: false)], shape: .value(path: ["value"]),
          time: ["ts"], quality: ["quality"], qualityWords: words),
      ])
    let id = SourceID(0)
    let log = self.log
    source = try MQTTSource(
      id: id, name: "plant", settings: settings,
      bindings: [Binding(source: id, asset: "P-101", name: "Flow", tag: TagID(0))],
      clock: { Instant(seconds: 1_760_000_000) }, log: { log.add($0) })
    let ready = self.ready
    try source.start(delivered: []) { ready.signal() }
  }

  /// Takes until `condition` holds; throws when it does not within a generous time.
  func wait(_ what: String, until condition: (Listener) -> Bool) throws {
    let end = DispatchTime.now() + .seconds(30)
    while true {
      source.take(into: &intake)
      if condition(self) { return }
      guard ready.wait(timeout: end) == .success else {
        throw Failure("waited in vain for \(what); has \(intake.inputs), \(intake.deadLetters), \(log.all)")
      }
    }
  }

  /// As the engine commits: nothing is read between the last take and the answer.
  func commit() {
    source.hold()
    source.take(into: &intake)
    source.committed()
  }

  func refuse() {
    source.hold()
    source.take(into: &intake)
    source.refused()
    intake = Intake()
  }

  func forget() { intake = Intake() }

  var values: [Value] { changes.map(\.value) }
  var changes: [TagChange] { intake.inputs.compactMap { if case .change(let change) = $0 { change } else { nil } } }
  var events: [LinkEvent] { intake.inputs.compactMap { if case .source(_, let event, _) = $0 { event } else { nil } } }
}
