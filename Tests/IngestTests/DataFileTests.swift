import Foundation
import Ingest
import Rules
import Testing

/// Files as plants export them, with the dirt they come with; each expectation is worked out by hand.
@Suite struct DataFileTests {
  /// 2026-03-01T10:00:00Z
  static let ten = Instant(seconds: 1_772_359_200)

  // MARK: Forms

  @Test func a_row_a_value_in_any_order_of_columns() throws {
    let read = try History(
      "quality,value,tag,asset,time\nGood,1.5,Flow,P-1,2026-03-01T10:00:00Z\nbad,2,Flow,P-1,1772359260")
    #expect(read.changes == [.flow(1.5, at: Self.ten), .flow(2, at: Self.ten + .minutes(1), .bad)])
    #expect(read.report.rows == 2)
  }

  @Test func a_column_a_tag_with_the_asset_named_once() throws {
    let read = try History("time,Flow,Running\n2026-03-01T10:00:00Z,1.5,true\n2026-03-01T10:01:00Z,,false\n") {
      $0.asset = "P-1"
    }
    #expect(read.numbers == [1.5])
    #expect(read.changes.map(\.value) == [.number(1.5), .text("true"), .text("false")])
    #expect(read.report.empty == 1)
  }

  @Test func a_column_a_tag_with_a_column_for_the_asset() throws {
    let read = try History("asset,time,Flow\nP-1,2026-03-01T10:00:00Z,1\nWorks/P-2,2026-03-01T10:00:00Z,2\n")
    #expect(read.changes.map(\.tag) == [TagID(0), TagID(3)])
  }

  @Test func objects_a_line() throws {
    let read = try History(
      """
      {"time":"2026-03-01T10:00:00Z","asset":"P-1","tag":"Flow","value":1.5}
      {"value":NaN,"tag":"Flow","asset":"P-1","time":1772359260000,"quality":"Good"}
      {"value":true,"tag":"Running","asset":"P-1","time":1772359320.5}
      """)
    #expect(read.changes.count == 3)
    #expect(read.changes[0] == .flow(1.5, at: Self.ten))
    #expect(read.changes[2].value == .boolean(true))
    #expect(read.changes[2].time == Self.ten + TimeSpan(microseconds: 120_500_000))
  }

  @Test func one_object_alone_is_a_file() throws {
    #expect(try History(#"{"time":1772359200,"asset":"P-1","tag":"Flow","value":1}"#).numbers == [1])
  }

  @Test func packed_files_in_one_piece_or_several() throws {
    let first = try gzip("time,Flow\n2026-03-01T10:00:00Z,1\n")
    let second = try gzip("2026-03-01T10:01:00Z,2\n")
    #expect(try History(bytes: first + second, { $0.asset = "P-1" }).numbers == [1, 2])
    #expect(throws: FileError.self) { try History(bytes: Array(first.dropLast(9)), { $0.asset = "P-1" }) }
  }

  // MARK: Names

  @Test func columns_go_by_the_names_that_the_command_line_gives_them() throws {
    let read = try History("Zeit,Pumpe,Durchfluss\n1772359200,P-1,1\n") {
      $0.columns = ["time": "Zeit", "asset": "Pumpe", "Flow": "Durchfluss"]
    }
    #expect(read.numbers == [1])
  }

  @Test func tags_of_long_files_are_renamed_too() throws {
    let read = try History("time,asset,tag,value\n1772359200,P-1,FI-100,1\n") { $0.columns = ["Flow": "FI-100"] }
    #expect(read.numbers == [1])
  }

  @Test func a_name_that_two_assets_have_needs_its_path() throws {
    let read = try History("time,asset,tag,value\n1772359200,Twin,Flow,1\n1772359200,East/Twin,Flow,2\n")
    #expect(read.numbers == [2])
    #expect(read.report.troubles.map(\.what) == ["several assets are named 'Twin': give the path"])
  }

  @Test func what_nobody_knows_is_said_with_the_nearest_word() throws {
    let read = try History("time,asset,tag,value\n1772359200,P-11,Flow,1\n1772359200,P-1,Flwo,1\n")
    #expect(
      read.report.troubles.map { "\($0.lines) \($0.what)" } == [
        "[2] unknown asset 'P-11' (did you mean 'P-1'?)", "[3] 'Flwo' is no tag of Pump (did you mean 'Flow'?)",
      ])
    #expect(try History("time,Flow,Note\n1772359200,1,x\n") { $0.asset = "P-1" }.report.unknownColumns == ["Note"])
  }

  // MARK: Dirt

  @Test(arguments: [
    ("\u{FEFF}time,Flow\n1772359200,1\n", "."), ("time,Flow\r\n1772359200,1\r\n", "."),
    ("time;Flow\n1772359200;1,0\n", ","), ("time\tFlow\n1772359200\t1\n", "."),
    ("\"time\",\"Flow\"\n\"1772359200\",\"1\"\n", "."), ("time,Flow\n1772359200,\"1,0\"\n", ","),
    ("time,Flow\n1772359200, +1.0 \n", "."), ("time,Flow,\n1772359200,1,\n", "."),
    ("time,Flow\n\n1772359200,01\n\n", "."),
    ("time,Flow\n2026-03-01 10:00,1", "."), ("time,Flow\n2026-03-01T11:00:00+01:00,1", "."),
    ("time,Flow\n1772359200000,1", "."), ("time,Flow\n1772359200000000,1", "."),
    ("time,Flow\n1772359200000000000,1", "."),
    ("time,Flow\n1772359200.000,1e0", "."),
  ])
  func one_reading_in_many_handwritings(text: String, decimal: String) throws {
    let read = try History(text) {
      $0.asset = "P-1"
      $0.decimal = Array(decimal.utf8)[0]
    }
    #expect(read.changes == [.flow(1, at: Self.ten)])
    #expect(read.report.unreadableRows == 0)
  }

  @Test func numbers_that_are_none_are_kept_as_such_and_words_for_nothing_are_null() throws {
    let read = try History("time,Flow\n1,NaN\n2,-inf\n3,NULL\n4,n/a\n5,Bad Input\n") {
      $0.asset = "P-1"
      $0.times = .seconds
      $0.columns = ["time": "time"]
    }
    // Times of 1970 are no times of a plant.
    #expect(read.report.troubles.map(\.what) == ["a time outside 1990 to 2200"])
    let later = try History("time,Flow\n1772359201,NaN\n1772359202,-inf\n1772359203,NULL\n1772359204,Bad Input\n") {
      $0.asset = "P-1"
    }
    #expect(later.changes.count == 4)
    #expect(later.numbers.first?.isNaN == true)
    #expect(later.changes[2].value == .null)
    #expect(later.report.troubles == [.init(what: "no value of Flow", count: 1, lines: [5], isRow: false)])
  }

  @Test func rows_that_cannot_be_read_are_named_and_the_others_kept() throws {
    let read = try History(
      "time,Flow,Running\n1772359200,1,0\nyesterday,2,0\n1772359200\n1772359260,3,0,9\n1772359320,\"4,0\n1772359380,5,1\n"
    ) {
      $0.asset = "P-1"
    }
    #expect(read.numbers == [1, 0, 5, 1])
    #expect(
      read.report.troubles.map { "\($0.lines) \($0.what)" } == [
        "[3] no time can be read", "[4] 1 fields where the header has 3", "[5] 4 fields where the header has 3",
        "[6] a quote that does not end",
      ])
    #expect(read.report.rows == 6)
  }

  @Test func a_quoted_text_may_hold_separators_quotes_and_line_ends() throws {
    let read = try History("time,Batch\n1772359200,\"a,\"\"b\"\"\nc\"\n1772359260,d\n") { $0.asset = "P-1" }
    #expect(read.changes.map(\.value) == [.text("a,\"b\"\nc"), .text("d")])
  }

  @Test func a_line_longer_than_a_mebibyte_is_passed_over() throws {
    let long = String(repeating: "9", count: 1_500_000)
    let read = try History("time,Flow\n1772359200,1\n1772359260,\(long)\n1772359320,2\n") { $0.asset = "P-1" }
    #expect(read.numbers == [1, 2])
    #expect(read.report.troubles == [.init(what: "a row of more than 1 MiB", count: 1, lines: [3], isRow: true)])
  }

  @Test(arguments: [
    ("", "the file is empty"), ("a,b\n1,2\n", "which column is the time?"), ("time,Flow\n1,2\n", "which asset is it?"),
    ("time,asset,Fluss\n1,P-1,2\n", "no column is named as a tag"),
  ])
  func a_file_without_form_says_what_is_missing(text: String, message: String) {
    let error = #expect(throws: FileError.self) { try History(text) }
    #expect("\(error.map(String.init(describing:)) ?? "")".contains(message))
  }

  @Test func utf16_is_named_as_what_it_is() {
    let error = #expect(throws: FileError.self) { try History(bytes: [0xFF, 0xFE, 0x74, 0, 0x69, 0]) }
    #expect("\(error.map(String.init(describing:)) ?? "")".contains("UTF-16"))
  }

  // MARK: Local time

  /// Paris in 2025: at 01:00Z on 30 March 02:00 becomes 03:00, at 01:00Z on 26 October 03:00 becomes 02:00.
  static let paris = Zone(
    name: "Europe/Paris", offset: .hours(1),
    changes: [
      .init(at: Instant(rfc3339: "2025-03-30T01:00:00Z")!, offset: .hours(2)),
      .init(at: Instant(rfc3339: "2025-10-26T01:00:00Z")!, offset: .hours(1)),
    ])

  private func utc(_ stamps: [String]) throws -> (times: [String], report: FileReport) {
    let rows = stamps.enumerated().map { "\($1),\($0)\n" }.joined()
    let read = try History("time,Flow\n" + rows) {
      $0.asset = "P-1"
      $0.zone = Self.paris
    }
    return (read.changes.map { "\($0.time)" }, read.report)
  }

  @Test func the_hour_that_is_shown_twice_goes_on_where_the_stamps_do() throws {
    let (times, report) = try utc([
      "2025-10-26 01:30", "2025-10-26 02:00", "2025-10-26 02:30", "2025-10-26 02:00", "2025-10-26 02:30",
      "2025-10-26 03:00",
    ])
    #expect(
      times == [
        "2025-10-25T23:30:00Z", "2025-10-26T00:00:00Z", "2025-10-26T00:30:00Z", "2025-10-26T01:00:00Z",
        "2025-10-26T01:30:00Z", "2025-10-26T02:00:00Z",
      ])
    #expect(report.secondTime == 2)
    #expect(report.withoutOffset == 6)
  }

  @Test func the_hour_that_is_never_shown_is_counted_and_goes_by_the_clock_before() throws {
    let (times, report) = try utc(["2025-03-30 01:30", "2025-03-30 02:30", "2025-03-30 03:30"])
    #expect(times == ["2025-03-30T00:30:00Z", "2025-03-30T01:30:00Z", "2025-03-30T01:30:00Z"])
    #expect(report.neverShown == 1)
  }

  @Test func summer_and_winter_have_their_offsets() throws {
    #expect(
      try utc(["2025-01-15T12:00:00", "2025-07-15T12:00:00", "2025-12-15T12:00:00", "2025-12-15T12:00:00+05:00"]).times
        == ["2025-01-15T11:00:00Z", "2025-07-15T10:00:00Z", "2025-12-15T11:00:00Z", "2025-12-15T07:00:00Z"])
  }
}
