import Delivery
import Engine
import Foundation
import Ingest
import Ledger
import Rules
import Scripting
import Site
import Synchronization

/// The running parts of one site, put together: `run` and `demo` differ only in what they give it.
final class Service: Sendable {
  private let inbox = Inbox()
  private let dispatchers: [Dispatcher]
  private let ledger: Ledger
  private let ended = Ended()
  private let stopping = Mutex(false)
  private let unreadable = UnreadableCount()
  private let installation: Installation
  private let clock: WallClock
  private let steady: WallClock
  private let log: Log
  private let committed: @Sendable (Batch) -> Void

  /// Opens the ledger as its one writer. Throws `Failure.cannot` when another engine has it or it cannot be opened.
  init(
    _ installation: Installation, clock: @escaping WallClock, steady: @escaping WallClock, log: Log,
    committed: @escaping @Sendable (Batch) -> Void
  ) throws {
    self.installation = installation
    self.clock = clock
    self.steady = steady
    self.log = log
    self.committed = committed
    do {
      try FileManager.default.createDirectory(
        atPath: installation.site.stateFolder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      ledger = try Ledger(
        path: installation.site.stateFolder + "/ledger.sqlite", keep: installation.site.retention)
      try ledger.storeTexts(installation.hash, installation.texts)
    } catch {
      throw Failure.cannot("\(error)")
    }
    let queue = ledger.actionQueue { [inbox] in inbox.post(.attempted($0)) }
    let site = installation.site.name
    dispatchers = try installation.site.adapters.map { settings in
      guard let source = installation.adapters[settings.name] else {
        throw Failure.cannot("cannot start adapter \(settings.name): its adapter.lua was not read")
      }
      return Dispatcher(
        settings: settings, queue: queue, site: site,
        code: { try AdapterScript(text: source.text, file: source.file) }, clock: systemClock,
        log: { log(.info, "delivery", ["adapter": settings.name, "what": $0]) })
    }
    for settings in installation.site.adapters {
      guard let source = installation.adapters[settings.name],
        try AdapterScript(text: source.text, file: source.file).isIdempotent
      else { continue }
      _ = try ledger.makeUnknownReady(adapter: settings.name, now: systemClock())
    }
  }

  /// Starts every part. Returns at once; `ready` is called when the state is back and the sources are started on.
  func start(ready: @escaping @Sendable () -> Void = {}) {
    for dispatcher in dispatchers { dispatcher.start() }
    let thread = Thread { self.evaluate(ready) }
    thread.name = "engine"
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// The engine's thread: everything that is not Sendable is made and used here.
  private func evaluate(_ ready: () -> Void) {
    do {
      let sources = try installation.site.sources.enumerated().map { index, source in
        try MQTTSource(
          id: SourceID(index), name: source.settings.name, settings: source.mqtt,
          bindings: installation.site.bindings.filter { $0.source == SourceID(index) }, clock: clock,
          log: { [log] in log(.info, "source", ["source": source.settings.name, "what": $0]) })
      }
      log(.info, "starting", ["site": installation.site.name, "inputs_to_replay": "\(try ledger.nextInput - 1)"])
      let engine = try Engine(
        catalogue: SiteCatalogue(installation), hash: installation.hash, journal: ledger, sources: sources,
        inbox: inbox, clock: clock, steady: steady, log: { [log] in log(.error, "engine", ["what": $0]) },
        committed: { [dispatchers, committed, log, unreadable] batch in
          for dispatcher in dispatchers { dispatcher.wake() }
          for decision in batch.decisions { log(.info, "decision", ["key": "\(decision.key)"]) }
          for line in unreadable.note(batch.deadLetters) { log(.warning, "unreadable", ["what": line]) }
          for report in batch.reports {
            log(
              .warning, report.kind.rawValue,
              ["rule": report.rule ?? "-", "asset": report.asset ?? "-", "what": report.text])
          }
          committed(batch)
        })
      log(.info, "running", ["site": installation.site.name, "configuration": installation.hash.hex])
      ready()
      try engine.run()
      ended.set(.success(engine.counts))
    } catch is Stopped {
      ended.set(.success(IntakeCounts()))
    } catch {
      ended.set(.failure(.cannot("\(error)")))
    }
  }

  /// Ends it: no further action is begun, the requests in hand get their answers (at most their time limit) and
  /// the engine journals them, then it commits what it has read and ends. Returns at once; any number of calls.
  func stop() {
    let first = stopping.withLock { stopping in
      defer { stopping = true }
      return !stopping
    }
    guard first else { return }
    Thread.detachNewThread { [dispatchers, inbox] in
      for dispatcher in dispatchers { dispatcher.finish() }
      for dispatcher in dispatchers { dispatcher.stop() }
      inbox.stop()
    }
  }

  /// Waits for the end. Gives what was taken in.
  func waitUntilEnded() throws -> IntakeCounts {
    let result = ended.wait()
    // An engine that failed leaves the dispatchers to us.
    for dispatcher in dispatchers { dispatcher.finish() }
    return try result.get()
  }
}

/// How the engine's thread ended, once it has.
private final class Ended: Sendable {
  private let result = Mutex<Result<IntakeCounts, Failure>?>(nil)
  private let signal = DispatchSemaphore(value: 0)
  func set(_ value: Result<IntakeCounts, Failure>) {
    result.withLock { $0 = value }
    signal.signal()
  }
  func wait() -> Result<IntakeCounts, Failure> {
    signal.wait()
    signal.signal()
    return result.withLock { $0 } ?? .failure(.cannot("the engine ended without saying how"))
  }
}

/// Counts messages that could not be read, and speaks at the first, tenth, hundredth of each kind: a source that
/// sends nothing else must not fill the log.
private final class UnreadableCount: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  func note(_ letters: [DeadLetter]) -> [String] {
    guard !letters.isEmpty else { return [] }
    return counts.withLock { counts in
      letters.compactMap { letter in
        let kind = "\(letter.source): \(letter.reason)"
        let count = (counts[kind] ?? 0) + 1
        counts[kind] = count
        guard [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000].contains(count) else { return nil }
        return "\(kind), message \(count) on \(letter.topic): \(letter.detail)"
      }
    }
  }
}
