import CPowerLoss
import Campaigns
import Demo
import Dispatch
import Faults
import Foundation
import Ledger
import LedgerWriter
import Rules
import Testing

/// A writer is killed at any moment, and the power with it: what its disk had not synced vanishes, whole or in part.
/// Every commit that had returned is there, nothing is torn, and the ledger goes on.
@Suite(.serialized) struct PowerLossTests {
  /// Ten cuts of each run.
  static let runs = Campaign.size(30, large: 1_000)
  static let cutsARun = 10

  @Test func whatever_the_disk_loses_every_commit_that_returned_is_there() throws {
    var dice = SplitMix(Campaign.seed)
    var cuts = 0
    var references: [UInt64: Reference] = [:]
    for run in 0..<Self.runs {
      let seed = UInt64(run % 5)
      let reference = references[seed] ?? Reference(seed: seed)
      references[seed] = reference
      let events = try Self.run(seed: seed, &dice)
      for (number, cut) in Self.places(in: events, &dice).enumerated() {
        let loss = Loss.allCases[number % Loss.allCases.count]
        let problem = try Self.problem(after: events[..<cut], loss, reference, &dice)
        #expect(problem == nil, "seed \(Campaign.seed), run \(run), event \(cut) of \(events.count), lost \(loss)")
        cuts += 1
      }
    }
    print("power loss: \(cuts) cuts")
    #expect(cuts >= Self.runs * Self.cutsARun)
  }

  @Test func on_a_disk_that_only_says_it_synced_the_same_cuts_lose_commits() throws {
    var dice = SplitMix(Campaign.seed)
    let reference = Reference(seed: 1)
    let events = try Self.run(seed: 1, steps: 40, &dice) { $0.deaf = 1 }
    let problems = try Self.places(in: events, &dice).map {
      try Self.problem(after: events[..<$0], .everything, reference, &dice)
    }
    #expect(problems.contains { $0 != nil })
  }

  /// Lets the writer run until it is killed: at a call chosen by the dice, or from outside.
  private static func run(
    seed: UInt64, steps: Int = 130, _ dice: inout SplitMix, prepare: (inout power_loss_control) -> Void = { _ in }
  ) throws -> [DiskEvent] {
    let folder = Scratch()
    let (call, countdown) = (Int32(1 + dice.below(3)), Int32(1 + dice.below(400)))
    let isKilledFromOutside = dice.below(2) == 0
    let size = 1_000 + dice.below(3_000_000)
    let process = try FaultyProcess(
      FaultyProcess.products + "/LedgerWriter", [folder.ledger, "\(seed)", "\(steps)"], files: folder.ledger,
      folder: folder.path
    ) { control in
      if !isKilledFromOutside { (control.call, control.countdown) = (call, countdown) }
      prepare(&control)
    }
    let pause = DispatchSemaphore(value: 0)
    while process.child.isRunning, !isKilledFromOutside || process.recorded < size {
      _ = pause.wait(timeout: .now() + .milliseconds(1))
    }
    process.child.kill()
    let code = process.child.exitCode
    if code != 0 && code != 137 {
      let said = (try? String(contentsOfFile: folder.path + "/output.log", encoding: .utf8)) ?? ""
      Issue.record("the writer ended with \(code ?? -1): \(said)")
    }
    return try DiskEvent.read(process.log)
  }

  /// The end, and places before it.
  private static func places(in events: [DiskEvent], _ dice: inout SplitMix) -> [Int] {
    [events.count] + (1..<cutsARun).map { _ in dice.below(events.count + 1) }
  }

  /// What is wrong with the ledger when the power fails after these events; nil when nothing is.
  private static func problem(
    after events: ArraySlice<DiskEvent>, _ loss: Loss, _ reference: Reference, _ dice: inout SplitMix
  ) throws -> String? {
    var disk = Disk()
    for event in events { disk.take(event) }
    let folder = Scratch()
    for (path, bytes) in disk.contents(after: loss, &dice) {
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      try Data(bytes).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }
    do {
      let ledger = try Ledger(path: folder.ledger)
      // The step in hand may or may not have been committed. Before the first there is nothing to compare.
      if disk.notes > 0 {
        let found = try fingerprint(of: folder.ledger)
        let wanted = try [disk.notes, disk.notes + 1].map { try reference.print(after: $0) }
        if !wanted.contains(found) {
          let parts = wanted.map { wanted in
            zip(found, wanted).filter { $0 != $1 }.map { "\($0.prefix(300)) for \($1.prefix(300))" }
          }
          return "\(disk.notes) steps had returned, and what is there is of no step after them: \(parts)"
        }
      }
      if let problem = try LedgerReader(path: folder.ledger).verify().problem { return "verify: \(problem)" }
      _ = try ledger.marks()
      _ = try ledger.snapshot(of: WriterScript.configuration, before: .max)
      var batch = Batch(firstInput: try ledger.nextInput)
      batch.inputs = [.tick(SourceID(0), Instant(seconds: 1))]
      try ledger.commit(batch)
      return nil
    } catch {
      return "\(error)"
    }
  }
}
