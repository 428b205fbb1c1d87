import Foundation
import Ingest
import Rules
import Synchronization

/// The engine's part in a test: takes what a source reads, until something is there.
final class Listener {
  let source: MQTTSource
  private(set) var intake = Intake()
  let log = Log()
  /// Marks that were committed, oldest first: what the next start is given.
  private(set) var journal: [MessageMark]
  private var marksSeen = 0
  private let ready = DispatchSemaphore(value: 0)

  /// What the source had in hand, one after the other; written by its thread.
  final class HandRecord: HandNote, Sendable {
    private let works = Mutex<[WorkInHand?]>([])
    func begin(_ work: WorkInHand) { works.withLock { $0.append(work) } }
    func end() { works.withLock { $0.append(nil) } }
    func setRecovering(_ recovering: Bool) {}
    var all: [WorkInHand?] { works.withLock { $0 } }
  }

  /// Lines of the source's log; written by its thread.
  final class Log: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
    var count: Int { lines.withLock { $0.count } }
  }

  /// Topics `plant/ASSET/TAG` with bare values, and `json/ASSET/TAG` with value and time. `delivered` is the journal
  /// of the listener before.
  init(
    port: Int, host: String = "127.0.0.1", delivered: [MessageMark] = [], user: (String, String)? = nil,
    tls: MQTTSettings.TLS? = nil, largestMessage: Int = 1 << 20, backOff: BackOff = BackOff(),
    skipping: Set<UInt64> = [], note: HandRecord? = nil
  ) throws {
    let words: [String: Quality] = ["good": .good]
    let settings = MQTTSettings(
      host: host, port: port, clientID: "millwright-test", username: user?.0, password: user.map { Secret($0.1) },
      tls: tls, keepAlive: .seconds(5), largestMessage: largestMessage,
      mappings: [
        MessageMapping(topic: [.exactly("plant"), .asset(many: false), .tag(many: false)], shape: .scalar),
        MessageMapping(
          topic: [.exactly("json"), .asset(many: false), .tag(many: false)], shape: .value(path: ["value"]),
          time: ["ts"], quality: ["quality"], qualityWords: words),
      ])
    let id = SourceID(0)
    let log = self.log
    journal = delivered
    source = try MQTTSource(
      id: id, name: "plant", settings: settings,
      bindings: [Binding(source: id, asset: "P-101", name: "Flow", tag: TagID(0))], backOff: backOff,
      skipping: skipping, note: { note }, clock: { Instant(seconds: 1_760_000_000) }, log: { log.add($0) })
    let ready = self.ready
    try source.start(delivered: delivered) { ready.signal() }
  }

  /// Takes until `condition` holds; throws when it does not within a generous time.
  func wait(_ what: String, until condition: (Listener) -> Bool) throws {
    let end = DispatchTime.now() + .seconds(30)
    while true {
      source.take(into: &intake)
      // A source asks for its session only when the journal knows that it will.
      if intake.marks.dropFirst(marksSeen).contains(MessageMark(source: SourceID(0), packet: 0, hash: 1)) { commit() }
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
    journal += intake.marks.dropFirst(marksSeen)
    marksSeen = intake.marks.count
    source.committed()
  }

  func refuse() {
    source.hold()
    source.take(into: &intake)
    source.refused()
    forget()
  }

  func forget() {
    intake = Intake()
    marksSeen = 0
  }

  /// Messages that want acknowledgement.
  var messages: Int { intake.marks.count { $0.packet != 0 } }
  var values: [Value] { changes.map(\.value) }
  var changes: [TagChange] { intake.inputs.compactMap { if case .change(let change) = $0 { change } else { nil } } }
  var events: [LinkEvent] { intake.inputs.compactMap { if case .source(_, let event, _) = $0 { event } else { nil } } }
}
