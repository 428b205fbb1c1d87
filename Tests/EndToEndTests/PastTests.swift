import Campaigns
import Demo
import Foundation
import Ledger
import Rules
import Testing

/// `explain` and `backtest` on what was: files of history, and the journal that an engine left.
@Suite struct PastTests {
  private static let nab = Workplace.root + "/Tests/Fixtures/plants/nab"

  @Test func a_file_tells_why_a_rule_did_not_decide() throws {
    let file = NSTemporaryDirectory() + "/explain-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: file) }
    // Below 60 degF from 10:10 on, and at 10:35 not: 25 of the 30 minutes.
    let rows = stride(from: 0, through: 60, by: 5).map { minute in
      "\(1_772_359_200 + minute * 60),\((10..<35).contains(minute) ? 55 : 65)\n"
    }
    try ("time,Temperature\n" + rows.joined()).write(toFile: file, atomically: true, encoding: .utf8)
    let run = try command(
      "explain", "machine_cold", "machine1", "--site", Self.nab, "--data", file, "--at", "2026-03-01T10:20:00Z",
      "--why-not")
    #expect(run.code == 0)
    #expect(run.output.contains("true for 25 min at most, from 10:10:00Z to 10:35:00Z"), "\(run.output)")
    #expect(run.output.contains("must be for 30 min: 5 min too short"))
    #expect(run.output.contains("machine.temperature < limits.cold was 65 < 60, which misses by 5."))
  }

  @Test(arguments: [
    (["--data", "none.csv"], 3, "cannot open none.csv: No such file or directory"),
    (["--data", "none.csv", "--from", "journal"], 2, "two histories"), ([], 3, "there is no such file"),
    (["--from", "sql"], 2, "there is no historian 'sql'"),
  ])
  func what_cannot_be_explained_from_is_said(arguments: [String], code: Int32, message: String) throws {
    let run = try command(
      ["explain", "machine_cold", "machine1", "--site", Self.nab, "--at", "2026-03-01T10:20:00Z"] + arguments)
    #expect(run.code == code)
    #expect(run.output.contains(message), "\(run.output)")
  }

  @Test func the_journal_is_a_history_for_backtest_and_explain() async throws {
    let place = try await Workplace(workOrders: .shadow)
    try await onAThread {
      try place.start()
      // Below the limit of 0.4 for the two seconds of held_for, and then still so: by samples alone time passes, too.
      let reader = try LedgerReader(path: place.ledger)
      let low = try place.suctionIsLow()
      try eventually("it decides") { try reader.decision(matching: "1") != nil }
      let stillLow = try place.suctionIsLow()
      try eventually("both are in the journal") {
        var samples = 0
        try reader.replay(from: 1) { _, input in
          if case .change = input { samples += 1 }
        }
        return samples == 2
      }
      #expect(place.stop() == 0)

      let journal = ["backtest"] + place.arguments + ["--from", "journal", "--format", "csv"]
      let all = try place.run(journal)
      #expect(
        all.output == """
          rule,asset,seq,event,time,since
          suction_low,Riverside/Utilities/P-101,1,FIRE,\(low + .seconds(2)),\(low)

          """)
      let half = try place.run(journal + ["--until", "\(stillLow)"])
      #expect(half.output == "rule,asset,seq,event,time,since\n", "one sample alone lets no time pass")

      let why = try place.run(
        ["explain", "suction_low", "P-101", "--site"] + place.arguments + ["--at", "\(low)", "--why-not"])
      #expect(why.output.contains("It did decide, at \("\(low + .seconds(2))".dropFirst(11))."), "\(why.output)")
    }
    await place.close()
  }

  private func command(_ arguments: String...) throws -> (code: Int32, output: String) { try command(arguments) }

  private func command(_ arguments: [String]) throws -> (code: Int32, output: String) {
    let log = NSTemporaryDirectory() + "/past-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let child = try ChildProcess(Workplace.command, arguments, log: log)
    guard child.wait(seconds: 60), let code = child.exitCode else {
      child.kill()
      throw DidNotHappen(what: "millwright \(arguments.joined(separator: " ")) ends")
    }
    return (code, try String(contentsOfFile: log, encoding: .utf8))
  }
}

extension Workplace {
  /// The suction pressure of P-101 is 0.2 bar g as of now.
  fileprivate func suctionIsLow() throws -> Instant {
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    try publish("riverside/utilities/P-101/SuctionPressure", #"{"value": 0.2, "ts": \#(now), "quality": "good"}"#)
    return Instant(microseconds: now * 1000)
  }
}
