import ArgumentParser
import Foundation
import Ledger
import Rules
import Site

struct Backup: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copies the ledger to a new file, while the engine runs or while it does not.",
    discussion: "The copy is checked as 'verify' and SQLite do. Secrets and site files are not in it.")
  @Argument(help: "the file to make") var file: String
  @OptionGroup var place: LedgerPlace
  @OptionGroup var output: FormatOption

  func run() throws {
    let summary: BackupSummary
    do {
      summary = try place.reader().backUp(to: file)
    } catch let error as LedgerError {
      throw Failure.cannot("\(error)")
    }
    switch output.format {
    case .json: print(json(summary.tree))
    case .text: print("\(file): \(summary.words)")
    }
  }
}

struct Restore: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Puts a backup in the place of a site's ledger, which keeps its content under another name.",
    discussion: """
      No engine may run. The ledger is halted then, and every action that may have been sent since the backup's last \
      input is unknown: start the engine, let it look them up, then 'resume'. What is decided after that is looked up, \
      too, until every source has caught up and its condition has been normal once; where its adapter cannot look for \
      open orders ('lookup_open'), it waits for a person.
      """)
  @Argument(help: "the backup") var file: String
  @Argument(help: "the site's folder") var site: String
  @OptionGroup var output: FormatOption

  func run() throws {
    let outline = try LedgerPlace.outline(of: site)
    let restored: Restored
    do {
      try FileManager.default.createDirectory(
        atPath: outline.stateFolder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      restored = try Ledger.restore(from: file, to: outline.ledger, at: systemClock())
    } catch {
      throw Failure.cannot("\(error)")
    }
    switch output.format {
    case .json:
      print(
        json(
          .fields([
            "ledger": .text(outline.ledger), "replaced": .optional(restored.replaced),
            "since": .time(restored.since), "unknown": .number(Double(restored.unknown)),
            "waiting": .number(Double(restored.waiting)), "backup": restored.backup.tree,
          ])))
    case .text:
      print("restored \(outline.ledger): \(restored.backup.words)")
      if let replaced = restored.replaced { print("what was there before is \(replaced)") }
      print("what came after \(restored.since) is not in it: every source's session counts as lost since then")
      print("it is halted; \(count(restored.unknown, "action")) may have been made since then, and will be looked up")
      if restored.waiting > 0 {
        let many = "\(count(restored.waiting, "action")) \(restored.waiting == 1 ? "waits" : "wait") for approval"
        print("\(many); each may have been approved and made since then, and is looked up when it is approved")
      }
      print(
        "what is decided now is unknown, too, until every source has caught up and its condition has been normal once: "
          + "the same trouble may have an order since then")
      print(
        "next: start the engine; when 'millwright actions list --state unknown' shows nothing more that is looked up, "
          + "look for the others in their systems, 'actions drop' or 'actions retry' each, then 'resume'")
    }
  }
}

extension BackupSummary {
  fileprivate var words: String {
    "\(size(bytes)), chain of \(entries), journal of \(count(batches, "batch", "batches")), sound; "
      + "newest hash \(newestHash ?? "none")"
  }

  fileprivate var tree: Tree {
    .fields([
      "bytes": .number(Double(bytes)), "entries": .number(Double(entries)), "batches": .number(Double(batches)),
      "newest_hash": .optional(newestHash),
    ])
  }
}
