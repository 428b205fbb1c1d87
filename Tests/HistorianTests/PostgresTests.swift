import Foundation
import Historian
import Rules
import Testing

/// Against a real PostgreSQL, started here on loopback, whose own zone is half an hour off everybody else's.
@Suite(.serialized) struct PostgresTests {
  private let postgres: Postgres
  init() throws { postgres = try Postgres() }

  private func settings(_ reads: [HistorianRead], password: String? = nil) -> HistorianSettings {
    HistorianSettings(
      name: "past", place: .postgres(host: "127.0.0.1", port: postgres.port), database: "postgres", username: "reader",
      password: Secret(password ?? postgres.password), reads: reads)
  }

  private func wide(
    _ names: [(tag: String, name: String)], from: String = "pumps", time: HistorianRead.Time = .moment
  ) -> HistorianRead {
    HistorianRead(
      from: from, form: .wide, time: time, timeColumn: "ts", asset: "pump", series: Plant.series(names), line: 9)
  }

  private let long = HistorianRead(
    from: "readings", form: .long(name: "sig", value: "val"), timeColumn: "ts", asset: "pump", quality: "q",
    series: Plant.series([("Vibration", "vib"), ("Running", "run"), ("Batch", "batch")]), line: 9)

  private func told(_ reads: HistorianRead..., from: String = "10:00:00", to: String = "11:00:00") throws -> [String] {
    try Plant.told(settings(reads).inputs(Plant.model, from: Plant.at(from), to: Plant.at(to)))
  }

  @Test func a_null_among_columns_is_no_sample_and_a_null_of_its_own_is_one_without_a_value() throws {
    try postgres.execute(
      """
      CREATE TABLE pumps (ts timestamptz, pump text, rms float8, run boolean);
      INSERT INTO pumps VALUES ('2026-03-01 10:00:00+00', 'P-1', 5, NULL), ('2026-03-01 10:00:02+00', 'P-1', NULL, true);
      CREATE TABLE readings (ts timestamptz, pump text, sig text, val text, q int);
      INSERT INTO readings VALUES ('2026-03-01 10:00:01+00', 'P-2', 'vib', NULL, 192),
        ('2026-03-01 10:00:03+00', 'P-2', 'vib', '6', 0), ('2026-03-01 10:00:04+00', 'P-2', 'batch', '', NULL);
      """)
    #expect(
      try told(wide([("Vibration", "rms"), ("Running", "run")]), long) == [
        "P-1 Vibration 5 @2026-03-01T10:00:00Z", "P-2 Vibration null @2026-03-01T10:00:01Z",
        "P-1 Running true @2026-03-01T10:00:02Z", "P-2 Vibration 6 bad @2026-03-01T10:00:03Z",
        "P-2 Batch  @2026-03-01T10:00:04Z",
      ])
  }

  @Test func a_moment_is_the_same_whatever_zone_the_server_has() throws {
    try postgres.execute(
      """
      CREATE TABLE pumps (ts timestamptz, pump text, rms float8);
      INSERT INTO pumps VALUES ('2026-03-01 11:00:00.123456+01', 'P-1', 5);
      """)
    #expect(try told(wide([("Vibration", "rms")])) == ["P-1 Vibration 5 @2026-03-01T10:00:00.123456Z"])
  }

  @Test func a_clock_without_a_zone_is_refused_until_somebody_says_whose_it_is() throws {
    try postgres.execute(
      """
      CREATE TABLE pumps (ts timestamp, pump text, rms float8);
      INSERT INTO pumps VALUES ('2026-03-01 11:30:00', 'P-1', 5);
      """)
    #expect(
      try failure(settings([wide([("Vibration", "rms")])])).hasPrefix(
        "site.yaml:9: historian 'past': the times of 'pumps' have no zone: say whose clock they are of"))
    #expect(
      try told(wide([("Vibration", "rms")], time: .clock(zone: "Europe/Berlin"))) == [
        "P-1 Vibration 5 @2026-03-01T10:30:00Z"
      ])
  }

  @Test func nanoseconds_since_1970_are_cut_to_microseconds_without_loss_above() throws {
    try postgres.execute(
      """
      CREATE TABLE pumps (ts bigint, pump text, rms float8);
      INSERT INTO pumps VALUES (1772359200123456789, 'P-1', 5);
      """)
    #expect(
      try told(wide([("Vibration", "rms")], time: .count(perSecond: 1_000_000_000))) == [
        "P-1 Vibration 5 @2026-03-01T10:00:00.123456Z"
      ])
  }

  @Test func rows_of_one_time_come_in_one_order_and_all_of_them() throws {
    try postgres.execute(
      """
      CREATE TABLE readings (ts timestamptz, pump text, sig text, val text, q int);
      INSERT INTO readings VALUES ('2026-03-01 10:00:00+00', 'P-1', 'vib', '7', 192),
        ('2026-03-01 10:00:00+00', 'P-1', 'vib', '5', 192), ('2026-03-01 10:00:00+00', 'P-1', 'vib', '7', 192);
      """)
    let line = "P-1 Vibration 7 @2026-03-01T10:00:00Z"
    #expect(try told(long) == ["P-1 Vibration 5 @2026-03-01T10:00:00Z", line, line])
  }

  @Test func the_value_in_force_at_the_beginning_comes_first_at_its_own_time() throws {
    try postgres.execute(
      """
      CREATE TABLE pumps (ts timestamptz, pump text, rms float8, run boolean);
      INSERT INTO pumps VALUES ('2026-03-01 08:00:00+00', 'P-1', 3, true), ('2026-03-01 09:00:00+00', 'P-1', 4, NULL),
        ('2026-03-01 10:00:00+00', 'P-1', 5, NULL), ('2026-03-01 11:00:00+00', 'P-1', 6, NULL);
      """)
    #expect(
      try told(wide([("Vibration", "rms"), ("Running", "run")])) == [
        "P-1 Running true @2026-03-01T08:00:00Z", "P-1 Vibration 4 @2026-03-01T09:00:00Z",
        "P-1 Vibration 5 @2026-03-01T10:00:00Z",
      ])
  }

  @Test func a_large_table_comes_whole_and_in_order() throws {
    try postgres.execute(
      #"""
      CREATE TABLE "odd ""table""" (ts timestamptz, pump text, rms float8);
      INSERT INTO "odd ""table""" SELECT '2026-03-01 10:00:00+00'::timestamptz + n * interval '50 ms',
        'P-' || (1 + n % 2), n FROM generate_series(49999, 0, -1) n;
      """#)
    let lines = try told(wide([("Vibration", "rms")], from: #"odd "table""#))
    #expect(lines.count == 50_000)
    #expect(lines.first == "P-1 Vibration 0 @2026-03-01T10:00:00Z")
    #expect(lines.last == "P-2 Vibration 49999 @2026-03-01T10:41:39.950Z")
  }

  @Test func what_the_table_does_not_have_is_named_with_its_nearest() throws {
    try postgres.execute("CREATE TABLE pumps (ts timestamptz, pump text, rms float8);")
    #expect(
      try failure(settings([wide([("Vibration", "rmss")])]))
        == "site.yaml:9: historian 'past': table 'pumps' has no column 'rmss' (did you mean 'rms'?)")
  }

  @Test func a_wrong_password_is_told_and_not_shown() throws {
    let text = try failure(settings([long], password: "dry-stone-8"))
    #expect(text.contains("password authentication failed"))
    #expect(!text.contains("dry-stone-8"))
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
