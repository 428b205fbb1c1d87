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
  let inbox = Inbox()
  private let dispatchers: [Dispatcher]
  private let ledger: Ledger
  /// Beside the writer, so that whoever asks does not keep it from committing.
  let reader: LedgerReader
  let board = HealthBoard()
  let ledgerWatch: LedgerWatch
  let control = Mutex<ControlSocket?>(nil)
  /// The sources by name, once they are made.
  let sources = Mutex<[String: MQTTSource]>([:])
  /// Halts that persons asked for and that are not yet on disk: they hold in this process.
  let halting: HaltsInHand
  private let ended = Ended()
  private let stopping = Mutex(false)
  private let unreadable = UnreadableCount()
  let installation: Installation
  let offer: Offer
  private let calls: Calls
  private let gate: SetpointGate
  let clock: WallClock
  let steady: WallClock
  /// Since when each trouble has stood.
  let book = Mutex(TroubleBook())
  let memoryBound: MemoryBound?
  let log: Log
  private let committed: @Sendable (Batch) -> Void

  /// Opens the ledger as its one writer. A call of a rule or an adapter that takes longer than `longestCall` ends the
  /// process. Throws `Failure.cannot` when another engine has the ledger or it cannot be opened.
  init(
    _ installation: Installation, clock: @escaping WallClock, steady: @escaping WallClock, log: Log,
    longestCall: TimeSpan = .seconds(5),
    committed: @escaping @Sendable (Batch) -> Void
  ) throws {
    self.installation = installation
    offer = Offer(installation)
    gate = SetpointGate(installation.site.policy.conduits)
    halting = HaltsInHand()
    self.clock = clock
    self.steady = steady
    memoryBound = MemoryBound.find(site: installation.site.memoryAtMost)
    self.log = log
    self.committed = committed
    do {
      try FileManager.default.createDirectory(
        atPath: installation.site.stateFolder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      ledger = try Ledger(
        path: installation.site.stateFolder + "/ledger.sqlite", keep: installation.site.retention)
      reader = try LedgerReader(path: ledger.path)
      ledgerWatch = LedgerWatch(ledger: ledger.path, clock: clock)
      ledger.keepBooks(by: Bookkeeping(try installation.configuration()))
    } catch {
      throw Failure.cannot("\(error)")
    }
    // Whatever the engine is about: what the disk has, only another start can tell.
    ledger.whenSyncFails { [inbox, ended, path = ledger.path] in
      ended.set(.failure(.cannot("\(LedgerError.syncFailed(path: path))")))
      inbox.stop()
    }
    let calls = try Calls(installation, ledger, longestCall: longestCall, log: log)
    self.calls = calls
    let queue = ledger.actionQueue(
      report: { [inbox] in inbox.post($0) }, permit: { [gate] in gate.permit($0, $1, $2) },
      isHalting: { [halting] in halting.areThere })
    let site = installation.site.name
    var dispatchers: [Dispatcher] = []
    for settings in installation.site.adapters {
      guard let source = installation.adapters[settings.name] else {
        throw Failure.cannot("cannot start adapter \(settings.name): its adapter.lua was not read")
      }
      let code = try AdapterScript(text: source.text, file: source.file)
      try ledger.takeUpUnknown(settings, code)
      dispatchers.append(
        Dispatcher(
          settings: settings, queue: queue, site: site,
          code: {
            try AdapterScript(
              text: source.text, file: source.file, caller: try calls.note.place().adapter(settings.name))
          },
          secretsAgain: { installation.secretsAgain(of: settings.name) }, clock: systemClock,
          log: { log(.info, "delivery", ["adapter": settings.name, "what": $0]) }))
    }
    self.dispatchers = dispatchers
  }

  /// Starts every part. Returns at once; `ready` is called when the state is back and the sources are started on.
  func start(ready: @escaping @Sendable () -> Void = {}) throws {
    try listenToPersons()
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
          bindings: installation.site.bindings.filter { $0.source == SourceID(index) }, skipping: calls.skipping,
          note: { [calls] in try? calls.note.place() }, clock: clock,
          log: { [log] in log(.info, "source", ["source": source.settings.name, "what": $0]) })
      }
      self.sources.withLock {
        $0 = Dictionary(sources.enumerated().map { (installation.site.sources[$0].settings.name, $1) }) { first, _ in
          first
        }
      }
      log(.info, "starting", ["site": installation.site.name, "inputs_to_replay": "\(try ledger.nextInput - 1)"])
      let place = try calls.note.place()
      var patience = StartPatience(steady)
      let catalogue = SiteCatalogue(offer, ledger, calls: place, beginsAnew: calls.beginsAnew, log: log)
      let engine = try Engine(
        catalogue: catalogue, journal: ledger,
        sources: sources, inbox: inbox, clock: clock, steady: steady, deaths: calls.deaths, board: board, gate: gate,
        hand: place, recovering: { patience.ask() },
        log: { [log] in log(.error, "engine", ["what": $0]) },
        reloaded: { [gate, ledger, log, offer] configuration in
          catalogue.tookOver(configuration.hash)
          ledger.keepBooks(by: Bookkeeping(configuration))
          gate.take(configuration.policy.conduits)
          log(.info, "configuration", ["hash": configuration.hash.hex, "rules": "\(configuration.rules.count)"])
          for trouble in offer.newTroubles() { log(.warning, "not taken over", ["what": trouble]) }
        },
        committed: { [calls, dispatchers, committed, log, unreadable] batch in
          calls.committed(batch)
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
      for trouble in offer.newTroubles() { log(.warning, "not taken over", ["what": trouble]) }
      log(.info, "running", ["site": installation.site.name])
      ledgerWatch.start(clock: clock, log: log)
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
    control.withLock { $0?.stop() }
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
    ledgerWatch.stop()
    let counts = try result.get()
    do {
      try ledger.close()
    } catch {
      log(.warning, "ledger", ["what": "\(error)"])
    }
    return counts
  }
}

/// How the engine's thread ended, once it has.
private final class Ended: Sendable {
  private let result = Mutex<Result<IntakeCounts, Failure>?>(nil)
  private let signal = DispatchSemaphore(value: 0)
  /// The first word stands.
  func set(_ value: Result<IntakeCounts, Failure>) {
    result.withLock { $0 = $0 ?? value }
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

extension Ledger {
  /// What a start does with actions whose fate nobody knows: they are looked up where that is possible, or sent again
  /// where the adapter knows the key; else they wait for a person.
  fileprivate func takeUpUnknown(_ settings: AdapterSettings, _ code: AdapterScript) throws {
    if code.skills.contains(.lookUp) {
      try lookUpUnknown(adapter: settings.name, at: systemClock() + settings.totalTimeout + code.visibleAfter)
    } else if code.isIdempotent {
      try makeUnknownReady(adapter: settings.name, now: systemClock())
    }
  }
}
