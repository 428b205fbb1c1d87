import Engine
import Foundation
import Ledger
import LedgerWriter
import Rules
import Testing

/// One bit of the ledger or of its WAL is another than was written: either that is noticed, or it does no harm. Never
/// does another state, another decision or another order come of it.
@Suite struct BitFlipTests {
  static let isLarge = ProcessInfo.processInfo.environment["MILLWRIGHT_CAMPAIGN"] == "large"
  static let flips = isLarge ? 10_000 : 500
  static let seed: UInt64 =
    ProcessInfo.processInfo.environment["MILLWRIGHT_SEED"].flatMap(UInt64.init)
    ?? (isLarge ? .random(in: 0 ... .max) : 20_260_301)

  /// A ledger's files in memory, copied while it was open: its newest rows are in the WAL.
  private struct Copy {
    static let suffixes = ["", "-wal", ".lock"]
    var files: [Data]
    init(_ path: String) throws {
      files = try Copy.suffixes.map { try Data(contentsOf: URL(fileURLWithPath: path + $0)) }
    }
    /// The file and the WAL in turns: one may be much the smaller.
    func flipped(_ dice: inout SplitMix) -> (copy: Copy, place: String) {
      var copy = self
      let file = dice.below(2)
      let (byte, bit) = (dice.below(files[file].count), dice.below(8))
      copy.files[file][byte] ^= 1 << bit
      return (copy, "bit \(bit) of byte \(byte) of ledger.sqlite\(Copy.suffixes[file])")
    }
    func write(to path: String) throws {
      unlink(path + "-shm")
      for (suffix, file) in zip(Copy.suffixes, files) { try file.write(to: URL(fileURLWithPath: path + suffix)) }
    }
  }

  /// In memory where there is such a place: nothing here rests on what a disk keeps.
  private final class Folder {
    let path =
      (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path)
      + "/millwright-flips-\(UUID().uuidString)"
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var ledger: String { path + "/ledger.sqlite" }
  }

  /// What recovery comes to.
  private struct Recovered: Equatable {
    var state: [UInt8]
    var next: Int64
    var decisions: [Decision]
    var marks: [MessageMark]
  }

  private static func recover(_ path: String) throws -> Recovered {
    let ledger = try Ledger(path: path)
    var decisions: [Decision] = []
    try ledger.decisions(from: 1) { decisions.append($0) }
    return Recovered(
      state: try Script.engine(ledger).encodedState, next: try ledger.nextInput, decisions: decisions,
      marks: try ledger.marks())
  }

  private static func problem(of path: String) -> String? {
    do {
      return try LedgerReader(path: path).verify().problem?.description
    } catch {
      return "\(error)"
    }
  }

  @Test func recovery_comes_to_the_same_state_or_says_what_is_wrong() throws {
    let folder = try Folder()
    let ledger = try Ledger(path: folder.ledger)
    try Script.run(Script.inputs(1_200), by: 12, into: ledger, ticking: RecoveryTests.hurried())
    let sound = try Copy(folder.ledger)
    withExtendedLifetime(ledger) {}
    let scratch = try Folder()
    try sound.write(to: scratch.ledger)
    let expected = try Self.recover(scratch.ledger)
    #expect(expected.decisions.count > 20)
    var dice = SplitMix(Self.seed)
    var (noticed, harmless) = (0, 0)
    for _ in 0..<Self.flips {
      let (copy, place) = sound.flipped(&dice)
      try copy.write(to: scratch.ledger)
      let problem = Self.problem(of: scratch.ledger)
      do {
        let found = try Self.recover(scratch.ledger)
        if found == expected {
          harmless += 1
        } else {
          noticed += 1
          #expect(problem != nil, "seed \(Self.seed), \(place): what is read differs and verify names nothing")
          // An engine that starts on it must not have another memory: it would decide otherwise from here on.
          #expect(found.state == expected.state, "seed \(Self.seed), \(place): \(problem ?? "")")
          #expect(found.next == expected.next, "seed \(Self.seed), \(place)")
        }
      } catch {
        noticed += 1
      }
    }
    print("bit flips in recovery: \(noticed) noticed, \(harmless) without harm")
    #expect(noticed > Self.flips / 20)
  }

  @Test func an_action_is_sent_as_it_was_decided_or_not_at_all() throws {
    let folder = try Folder()
    var script = WriterScript(path: folder.ledger, seed: 3)
    // No step that claims.
    for step in stride(from: 0, to: 75, by: 5) { try script.take(step) }
    let sound = try Copy(folder.ledger)
    let scratch = try Folder()
    func claims() throws -> [String: String] {
      let ledger = try Ledger(path: scratch.ledger)
      let queue = ledger.actionQueue(report: { _ in })
      var claims: [String: String] = [:]
      while let claim = try queue.claim(adapter: "desk", now: Instant(seconds: 4_000_000_000)) {
        claims["\(claim.key)"] = "\(claim.wireKey) \(claim.decision) \(claim.action) \(claim.attempt)"
        // The next of its decision waits until this one came to an end.
        var batch = Batch(firstInput: try ledger.nextInput)
        let now = Instant(seconds: 1_770_000_000)
        batch.inputs = [
          .command(
            .attempted(
              Attempt(
                action: claim.key, number: claim.attempt, began: now, ended: now, status: 201,
                receipt: .accepted(reference: "WO"), next: .settled, due: nil)))
        ]
        try ledger.commit(batch)
      }
      return claims
    }
    try sound.write(to: scratch.ledger)
    let expected = try claims()
    #expect(expected.count > 3)
    var dice = SplitMix(Self.seed &+ 1)
    var (refused, less) = (0, 0)
    for _ in 0..<Self.flips {
      let (copy, place) = sound.flipped(&dice)
      try copy.write(to: scratch.ledger)
      do {
        let found = try claims()
        for (key, claim) in found {
          #expect(expected[key] == claim, "seed \(Self.seed), \(place): another action is sent")
        }
        if found.count < expected.count {
          less += 1
          try copy.write(to: scratch.ledger)
          #expect(Self.problem(of: scratch.ledger) != nil, "seed \(Self.seed), \(place): verify must name it")
        }
      } catch {
        refused += 1
      }
    }
    print("bit flips before a claim: \(refused) refused, \(less) with an action not found")
    #expect(refused > Self.flips / 50)
  }
}
