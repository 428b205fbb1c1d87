import Foundation
import Ledger
import Rules
import Testing

/// Whoever is told of damage is told what to do about it.
@Suite struct RemedyTests {
  let folder = Folder()

  private func fill() throws {
    let ledger = try Ledger(path: folder.ledger)
    for second: Int64 in 0..<40 {
      try ledger.commit(decisions: [.make(second)]) {
        $0.heldBack = [.make]
        $0.reports = [Report(.chattering, time: at(1), asset: "P-101", text: "three times in a minute")]
      }
    }
    try ledger.close()
  }

  /// Everything that is thrown while the ledger is read and written in all ways.
  private func errors() -> [LedgerError] {
    var errors: [LedgerError] = []
    func attempt(_ body: () throws -> Void) {
      do { try body() } catch let error as LedgerError { errors.append(error) } catch { Issue.record("\(error)") }
    }
    attempt {
      let reader = try LedgerReader(path: folder.ledger)
      attempt { _ = try reader.decisions(limit: 1_000) }
      attempt { _ = try reader.decision(matching: "20") }
      attempt { _ = try reader.actions() }
      attempt { _ = try reader.heldBack(limit: 1_000) }
      attempt { _ = try reader.reports(limit: 1_000) }
      attempt { _ = try reader.counts() }
      attempt { try reader.replay(from: 1) { _, _ in } }
      attempt { _ = try reader.backUp(to: folder.path + "/copy.sqlite") }
      attempt { _ = try Ledger.restore(from: folder.ledger, to: folder.path + "/other.sqlite", at: at(100)) }
    }
    attempt {
      let ledger = try Ledger(path: folder.ledger)
      attempt { try ledger.replay(from: 1) { _, _ in } }
      attempt { _ = try ledger.due.claim(adapter: "desk", now: .distantFuture) }
      attempt { try ledger.commit(decisions: [.make(900)]) }
    }
    return errors
  }

  @Test func every_error_of_a_damaged_file_says_what_to_do() throws {
    try fill()
    let sound = try Data(contentsOf: URL(fileURLWithPath: folder.ledger))
    let mark = try Data(contentsOf: URL(fileURLWithPath: folder.ledger + ".lock"))
    var said = 0
    for page in 0..<(sound.count / 4096) {
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.ledger + suffix) }
      for name in ["copy.sqlite", "other.sqlite", "other.sqlite.lock"] {
        try? FileManager.default.removeItem(atPath: folder.path + "/" + name)
      }
      var bytes = sound
      bytes.replaceSubrange(page * 4096..<(page + 1) * 4096, with: Data(repeating: 0x5A, count: 4096))
      try bytes.write(to: URL(fileURLWithPath: folder.ledger))
      try mark.write(to: URL(fileURLWithPath: folder.ledger + ".lock"))
      for error in errors() {
        said += 1
        let words = error.description
        #expect(words.contains(LedgerError.remedy) || words.contains("take an older backup"), "page \(page): \(words)")
      }
    }
    #expect(said > sound.count / 4096)
  }
}
