import Foundation
import Historian
import Rules
import Testing

/// Against a real InfluxDB 1.x, started here on loopback.
@Suite(.serialized) struct InfluxTests {
  private let influx: Influx
  init() throws { influx = try Influx() }

  /// 2026-03-01T10:00:00Z
  private static let ten: Int64 = 1_772_359_200_000_000_000

  private func settings(_ read: HistorianRead, database: String = "plant") -> HistorianSettings {
    HistorianSettings(
      name: "past", place: .influx(url: influx.url), database: database, username: nil, password: nil, reads: [read])
  }

  private func wide(_ names: [(tag: String, name: String)], from: String = "pumps") -> HistorianRead {
    HistorianRead(from: from, form: .wide, asset: "pump", series: Plant.series(names), line: 7)
  }

  private func told(_ read: HistorianRead, from: String = "10:00:00", to: String = "11:00:00") throws -> [String] {
    try Plant.told(settings(read).inputs(Plant.model, from: Plant.at(from), to: Plant.at(to)))
  }

  @Test func series_that_come_one_after_the_other_are_merged_by_time() throws {
    try influx.write([
      "pumps,pump=P-1 rms=5,on=true \(Self.ten)", "pumps,pump=P-2 rms=6 \(Self.ten + 1_000_000_000)",
      "pumps,pump=P-1 rms=7 \(Self.ten + 2_000_000_000)", "pumps,pump=P-9 rms=1 \(Self.ten)",
    ])
    // A field that was not written is no sample; a pump that nobody knows is left out.
    #expect(
      try told(wide([("Vibration", "rms"), ("Running", "on")])) == [
        "P-1 Vibration 5 @2026-03-01T10:00:00Z", "P-1 Running true @2026-03-01T10:00:00Z",
        "P-2 Vibration 6 @2026-03-01T10:00:01Z", "P-1 Vibration 7 @2026-03-01T10:00:02Z",
      ])
  }

  @Test func nanoseconds_are_cut_to_microseconds_without_loss_above() throws {
    try influx.write(["pumps,pump=P-1 rms=5 \(Self.ten + 123_456_789)"])
    #expect(try told(wide([("Vibration", "rms")])) == ["P-1 Vibration 5 @2026-03-01T10:00:00.123456Z"])
  }

  @Test func the_value_in_force_at_the_beginning_comes_first_at_its_own_time() throws {
    try influx.write([
      "pumps,pump=P-1 rms=3 \(Self.ten - 7_200_000_000_000)", "pumps,pump=P-1 rms=4 \(Self.ten - 3_600_000_000_000)",
      "pumps,pump=P-1 rms=5 \(Self.ten)",
    ])
    #expect(
      try told(wide([("Vibration", "rms")])) == [
        "P-1 Vibration 4 @2026-03-01T09:00:00Z", "P-1 Vibration 5 @2026-03-01T10:00:00Z",
      ])
  }

  @Test func the_end_does_not_belong_to_it() throws {
    try influx.write(["pumps,pump=P-1 rms=5 \(Self.ten)", "pumps,pump=P-1 rms=6 \(Self.ten + 3_600_000_000_000)"])
    #expect(try told(wide([("Vibration", "rms")])) == ["P-1 Vibration 5 @2026-03-01T10:00:00Z"])
  }

  @Test func a_point_written_twice_is_one_and_the_later() throws {
    try influx.write(["pumps,pump=P-1 rms=5 \(Self.ten)"])
    try influx.write(["pumps,pump=P-1 rms=6 \(Self.ten)"])
    #expect(try told(wide([("Vibration", "rms")])) == ["P-1 Vibration 6 @2026-03-01T10:00:00Z"])
  }

  @Test func all_points_come_however_many_a_page_holds() throws {
    // The server gives a thousand rows where it is not asked for pieces.
    try influx.write((0..<25_000).map { "pumps,pump=P-\($0 % 2 + 1) rms=\($0) \(Self.ten + Int64($0) * 100_000_000)" })
    let lines = try told(wide([("Vibration", "rms")]))
    #expect(lines.count == 25_000)
    #expect(lines.last == "P-2 Vibration 24999 @2026-03-01T10:41:39.900Z")
  }

  @Test func a_tag_key_may_name_the_signal_with_any_characters() throws {
    try influx.write([#"all\ "signals",pump=P-1,sig=V\=1 value=5 \#(Self.ten)"#])
    let read = HistorianRead(
      from: #"all "signals""#, form: .long(name: "sig", value: "value"), asset: "pump",
      series: Plant.series([("Vibration", "V=1")]), line: 7)
    #expect(try told(read) == ["P-1 Vibration 5 @2026-03-01T10:00:00Z"])
  }

  @Test func a_misspelt_field_is_an_error_and_no_silence() throws {
    try influx.write(["pumps,pump=P-1 rms=5 \(Self.ten)"])
    #expect(
      try failure(settings(wide([("Vibration", "rmss")])))
        == "site.yaml:7: historian 'past': measurement 'pumps' has no field 'rmss' (did you mean 'rms'?)")
    #expect(
      try failure(settings(wide([("Vibration", "rms")], from: "pump")))
        == "site.yaml:7: historian 'past': there is no measurement 'pump' (did you mean 'pumps'?)")
  }

  @Test func a_database_that_is_not_there_is_named() throws {
    #expect(
      try failure(settings(wide([("Vibration", "rms")]), database: "plnt"))
        == "historian 'past': cannot read from \(influx.url), database 'plnt': database not found: plnt")
  }

  private func failure(_ settings: HistorianSettings) throws -> String {
    do {
      _ = try Plant.told(settings.inputs(Plant.model, from: Plant.at("10:00:00"), to: Plant.at("11:00:00")))
      return "nothing failed"
    } catch let error as HistorianError {
      return "\(error)"
    }
  }
}
