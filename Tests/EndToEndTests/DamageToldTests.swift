import Campaigns
import Foundation
import Ledger
import Rules
import Testing

/// A ledger that is not what was written, and a stop that leaves it in one file, on real parts.
@Suite(.serialized) struct DamageToldTests {
  private func decideOnce(_ place: Workplace) throws {
    try place.start()
    try place.suction("P-101", 0.2)
    let reader = try LedgerReader(path: place.ledger)
    try eventually("the order is settled") { try reader.actions(state: .settled).count == 1 }
  }

  @Test func after_a_clean_stop_the_ledgers_file_alone_has_everything_although_it_was_read_meanwhile() async throws {
    let place = try await Workplace()
    try await onAThread {
      try decideOnce(place)
      let list = try place.run("decisions", "list", "--ledger", place.ledger)
      #expect(list.output.contains("suction_low"), "\(list.output)")
      let reader = try LedgerReader(path: place.ledger)
      let entries = try reader.newestHash()?.entry
      #expect(place.stop() == 0)
      let log = try? FileManager.default.attributesOfItem(atPath: place.ledger + "-wal")[.size] as? Int
      #expect(log ?? 0 == 0, "\(place.log.suffix(1_000))")
      let copy = place.folder + "/copy.sqlite"
      try FileManager.default.copyItem(atPath: place.ledger, toPath: copy)
      #expect(try LedgerReader(path: copy).newestHash()?.entry ?? 0 >= entries ?? 1)
      #expect(try place.run("verify", "--ledger", copy).code == 0)
    }
    await place.close()
  }

  @Test func a_running_engine_says_what_is_damaged_and_what_to_do() async throws {
    let place = try await Workplace()
    try await onAThread {
      try decideOnce(place)
      try eventually("a round of verification ends") {
        try place.run("sources", "--ledger", place.ledger).output.contains("verified 20")
      }
      #expect(place.stop() == 0)
      // The title of an order that nobody needs any more.
      var bytes = try Data(contentsOf: URL(fileURLWithPath: place.ledger))
      let title = Data("Check the suction strainer of P-101".utf8)
      var changed = 0
      while let range = bytes.range(of: title) {
        bytes[range.lowerBound] = UInt8(ascii: "X")
        changed += 1
      }
      #expect(changed > 0)
      try bytes.write(to: URL(fileURLWithPath: place.ledger))
      // The next round is due tomorrow.
      try FileManager.default.removeItem(atPath: place.ledger + ".verification")
      try place.start()
      var said = ""
      try eventually("health says so") {
        said = try place.run("sources", "--ledger", place.ledger).output
        return said.contains("! the ledger is damaged: ")
      }
      #expect(said.contains("it is not as it was written") && said.contains(LedgerError.remedy), "\(said)")
      try eventually("the log says so") { place.log.contains("event=verification") }
      #expect(place.stop() == 0)
      let verify = try place.run("verify", "--ledger", place.ledger)
      #expect(verify.code == 1 && verify.output.contains("next: \(LedgerError.remedy)"), "\(verify.output)")
      // A restart knows it from the round before.
      try place.start()
      try eventually("health still says so") {
        try place.run("sources", "--ledger", place.ledger).output.contains("! the ledger is damaged: ")
      }
      #expect(place.stop() == 0)
    }
    await place.close()
  }
}
