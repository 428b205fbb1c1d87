import Foundation
import Rules
import Site
import Testing

@Suite struct HistorianSiteTests {
  /// The small site with a historian, as `lines` of the site file say.
  private func site(_ lines: String) throws -> Site {
    let scratch = try Scratch(copying: "Tests/Fixtures/sites/wrong_historian")
    let text = try String(contentsOf: fixtures.appending(path: "wrong_historian/site.yaml"), encoding: .utf8)
    let head = try #require(text.range(of: "historians:"))
    try scratch.write("site/site.yaml", text[..<head.lowerBound] + lines)
    return try scratch.read()
  }

  @Test func an_asset_goes_by_its_name_and_a_tag_by_what_the_historian_calls_it() throws {
    let historian = try #require(
      try site(
        """
        historians:
          past:
            kind: postgres
            host: db.example
            database: plant
            read:
              - {class: Pump, table: pumps, time: ts, asset: pump, tags: {Vibration: rms}, time_is: ns}
        """
      ).historians.first)
    #expect(historian.place == .postgres(host: "db.example", port: 5432))
    #expect(
      historian.reads == [
        HistorianRead(
          from: "pumps", form: .wide, time: .count(perSecond: 1_000_000_000), timeColumn: "ts", asset: "pump",
          series: [.init(asset: "P-1", name: "rms", tag: TagID(0))], line: 14)
      ])
  }

  @Test func a_password_that_is_not_set_stops_nobody_but_who_reads() throws {
    let historian = try #require(
      try site(
        """
        historians:
          past:
            kind: influx
            url: https://db.example
            database: plant
            password: {env: NOT_SET_AND_NO_MATTER}
            read:
              - {class: Pump, measurement: pumps, of: P-1, tags: {Vibration: rms}}
        """
      ).historians.first)
    #expect(historian.password == nil)
    #expect(try #require(historian.trouble).contains("the environment variable NOT_SET_AND_NO_MATTER is not set"))
  }
}
