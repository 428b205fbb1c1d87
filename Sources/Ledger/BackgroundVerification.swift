import Foundation
import GRDB
import Rules
import Synchronization

/// Checks the ledger round after round beside a running engine, a day apart, in short steps on a connection of its own.
/// How far it has come and what it found are in a file beside the ledger, so that a restart goes on from there. Damage
/// stands until a later round finds its section sound. It lives as long as its engine, and its steps are taken by one
/// thread.
package final class BackgroundVerification: Sendable {
  /// From the beginning of a round to that of the next.
  package static let interval = TimeSpan.hours(24)

  /// What is known of the ledger now.
  package struct Status: Sendable, Equatable {
    /// When the last round over all of it ended; nil before the first.
    package var lastEnded: Instant?
    /// What is wrong, each with what it means; empty when all is well.
    package var troubles: [Trouble] = []
    package init(lastEnded: Instant? = nil) { self.lastEnded = lastEnded }
  }

  /// What a step did.
  package enum Step: Sendable, Equatable {
    /// So many bytes were read.
    case read(Int)
    /// There is nothing to be done before then.
    case idle(until: Instant)
  }

  private struct State {
    var kept: Kept
    /// Why a step could not be taken, or its end not be noted.
    var failure: String?
    var reader: LedgerReader?
    var stepsNotKept = 0
  }

  private let path: String
  private let clock: WallClock
  private let state: Mutex<State>
  private let posted: Mutex<Status>
  /// What reads at the moment, for `interrupt`.
  private let reading = Mutex<LedgerReader?>(nil)

  /// Of the ledger at a path, which is there.
  package init(ledger path: String, clock: @escaping WallClock) {
    self.path = path
    self.clock = clock
    let kept = Kept.read(beside: path)
    state = Mutex(State(kept: kept))
    posted = Mutex(kept.status)
  }

  package var status: Status { posted.withLock { $0 } }

  /// Takes the next step, or none while the next round is not due. Where it cannot be taken, that is a trouble, and it
  /// is tried again a minute later.
  package func step() -> Step {
    state.withLock { state in
      defer {
        var status = state.kept.status
        if let failure = state.failure {
          status.troubles.append(Trouble(.unverified, "the ledger is not verified: \(failure)"))
        }
        posted.withLock { $0 = status }
      }
      let now = clock()
      if state.kept.round.isEnded {
        let due = state.kept.begun + Self.interval
        // A clock that was set back must not put it off.
        if now < due, state.kept.begun <= now { return .idle(until: due) }
        state.kept.begin(at: now)
        // What SQLite has in its memory is not what the disk has.
        state.reader = nil
      }
      do {
        let reader = try state.reader ?? LedgerReader(path: path)
        if state.reader == nil {
          state.kept.adopt(try reader.id(), at: now)
          state.reader = reader
        }
        reading.withLock { $0 = reader }
        defer { reading.withLock { $0 = nil } }
        let bytes = try state.kept.step(reader, at: now)
        state.failure = nil
        state.stepsNotKept += 1
        if state.kept.isWorthKeeping || state.stepsNotKept >= 64 { keep(&state) }
        return .read(bytes)
      } catch {
        state.failure = "\(error)"
        state.reader = nil
        return .idle(until: now + .minutes(1))
      }
    }
  }

  /// Ends the step in hand, which is then taken again: the pages of a large table take long.
  package func interrupt() { reading.withLock { $0?.interrupt() } }

  /// Notes how far it has come; for the end of the engine.
  package func keep() { state.withLock { keep(&$0) } }

  /// What was found in a ledger says nothing of the one that is put in its place.
  static func forget(_ path: String) { unlink(Kept.file(beside: path).path) }

  private func keep(_ state: inout State) {
    do {
      try state.kept.write(beside: path)
      state.stepsNotKept = 0
    } catch {
      state.failure = "cannot note how far it has come: \(error.localizedDescription)"
    }
  }
}

/// What is in the file beside the ledger.
private struct Kept: Codable {
  /// Whose rounds these are: another ledger in the place of this one begins at the beginning.
  var ledger = ""
  var round = VerificationRound()
  /// Microseconds.
  private var begunAt: Int64
  private var endedAt: Int64?
  /// By section: what the newest look at it found.
  private var standing: [String: [Finding]] = [:]
  private(set) var isWorthKeeping = false

  private enum CodingKeys: CodingKey { case ledger, round, begunAt, endedAt, standing }

  struct Finding: Codable, Equatable {
    var problem: Verification.Problem
    var foundAt: Int64
  }

  init(begunAt: Instant) { self.begunAt = begunAt.microseconds }

  var begun: Instant { Instant(microseconds: begunAt) }

  mutating func begin(at now: Instant) {
    round = VerificationRound()
    begunAt = now.microseconds
  }

  mutating func adopt(_ ledger: String, at now: Instant) {
    if self.ledger == ledger { return }
    self = Kept(begunAt: now)
    self.ledger = ledger
  }

  /// Gives how many bytes the step read.
  mutating func step(_ reader: LedgerReader, at now: Instant) throws(LedgerError) -> Int {
    let before = round
    try reader.take(&round)
    isWorthKeeping = round.isEnded
    guard let section = before.section else { return 0 }
    let found = round.found[section] ?? []
    let known = standing[section] ?? []
    let findings = found.map { problem in
      known.first { $0.problem == problem } ?? Finding(problem: problem, foundAt: now.microseconds)
    }
    // Only the whole of a section can say that nothing is wrong with it any more.
    let isWhole = round.section != section
    let stays = isWhole ? [] : known.filter { !findings.contains($0) }
    let new = findings + stays
    if new != known {
      standing[section] = new.isEmpty ? nil : new
      isWorthKeeping = true
    }
    if round.isEnded { endedAt = now.microseconds }
    return round.bytes - before.bytes
  }

  var status: BackgroundVerification.Status {
    var status = BackgroundVerification.Status()
    status.lastEnded = endedAt.map(Instant.init(microseconds:))
    for section in VerificationRound.sections {
      guard let findings = standing[section], let first = findings.first else { continue }
      let more = findings.count == 1 ? "" : " (and \(findings.count - 1) more like it)"
      status.troubles.append(
        Trouble(
          .damage, of: section,
          "the ledger is damaged: \(first.problem)\(more); \(first.problem.means); \(LedgerError.remedy)",
          since: Instant(microseconds: first.foundAt)))
    }
    return status
  }

  // MARK: The file

  static func file(beside path: String) -> URL { URL(fileURLWithPath: path + ".verification") }

  /// Where there is none, or one that cannot be read, the first round is still to be begun.
  static func read(beside path: String) -> Kept {
    guard let data = try? Data(contentsOf: file(beside: path)),
      let kept = try? JSONDecoder().decode(Kept.self, from: data)
    else { return Kept(begunAt: .distantPast) }
    return kept
  }

  func write(beside path: String) throws {
    let file = Self.file(beside: path)
    try JSONEncoder().encode(self).write(to: file, options: .atomic)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
  }
}
