import Foundation
import Ledger
import Rules
import Testing

/// Ledgers of released schemas, kept as they were written: every later version must open them.
@Suite struct UpgradeTests {
  let folder = Folder()

  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/ledgers")

  private func copy(_ name: String) throws {
    try FileManager.default.copyItem(
      atPath: Self.fixtures.appending(path: name).path, toPath: folder.ledger)
  }

  @Test(arguments: ["schema1.sqlite", "schema2.sqlite"])
  func a_ledger_of_an_earlier_version_opens_with_all_it_had_and_goes_on(_ name: String) throws {
    try copy(name)
    do {
      let ledger = try Ledger(path: folder.ledger)
      let next = try ledger.nextInput
      #expect(next > 1)
      try ledger.commit([.tick(SourceID(0), at(9_000))], decisions: [.make(9_000)])
      #expect(try ledger.nextInput == next + 1)
      var inputs = 0
      try ledger.replay(from: 1) { _, _ in inputs += 1 }
      #expect(Int64(inputs) == next)
      _ = try ledger.standing(before: next)
    }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.verify().problem == nil)
    #expect(try reader.decisions().count >= 3)
    #expect(try reader.decision(matching: "1")?.actions.first?.receipts.map(\.reference) == ["WO-1"])
    #expect(Set(try reader.actions().map(\.state)).isSuperset(of: [.settled, .waiting, .ready, .unknown]))
  }

  /// Somebody looks before the new engine has run.
  @Test func a_ledger_of_schema_1_can_be_read_and_backed_up_before_it_is_opened_for_writing() throws {
    try copy("schema1.sqlite")
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.decisions().count == 3)
    #expect(try reader.actions().count == 4)
    #expect(try reader.halt() == nil)
    _ = try reader.news()
    #expect(try reader.decision(matching: "1") != nil)
    #expect(try reader.verify().problem == nil)
    _ = try reader.backUp(to: folder.path + "/backup.sqlite")
    _ = try Ledger.restore(from: folder.path + "/backup.sqlite", to: folder.path + "/other.sqlite", at: at(100))
    #expect(try LedgerReader(path: folder.path + "/other.sqlite").halt()?.who == "restore")
  }

  @Test func a_fixture_is_small_and_for_each_schema_there_is_one() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.fixtures.path).sorted()
    #expect(names == ["schema1.sqlite", "schema2.sqlite"])
    for name in names {
      let size = try FileManager.default.attributesOfItem(atPath: Self.fixtures.appending(path: name).path)[.size]
      #expect((size as? Int ?? .max) < 400_000)
    }
  }
}
