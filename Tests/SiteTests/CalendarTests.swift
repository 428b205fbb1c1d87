import Foundation
import Rules
import Site
import Testing

/// `time_zone`, `shifts` and `calendars` of the site file.
@Suite struct CalendarTests {
  static let text = """

    time_zone: Europe/Berlin
    shifts:
      early: {from: 06:00, to: 14:00, days: Mon-Fri}
      night: {from: 22:00, to: 06:00}
    calendars:
      production:
        open:
          - {days: Mon-Fri, from: 06:00, to: 22:00}
          - {days: [Sat], from: 06:00, to: 24:00}
        except:
          2026-12-24: {from: 06:00, to: 12:00}
          2026-12-25 to 2026-12-27: closed
        shutdowns:
          - {from: 2026-08-03 06:00, to: 2026-08-17T04:00:00Z}
      never: {open: never}
    """

  static func site(_ replacing: (String, String)? = nil) throws -> Site {
    let scratch = try Scratch(copying: "site")
    let text = replacing.map { Self.text.replacingOccurrences(of: $0.0, with: $0.1) } ?? Self.text
    let file = scratch.folder.appending(path: "site/site.yaml")
    try scratch.write("site/site.yaml", String(contentsOf: file, encoding: .utf8) + text)
    return try scratch.read()
  }

  static func at(_ text: String) -> Instant { Instant(rfc3339: text + ":00Z") ?? .distantPast }

  @Test func a_site_that_says_nothing_runs_in_utc_without_calendars() throws {
    let site = try Scratch(copying: "site").read()
    #expect(site.zone == .utc)
    #expect(site.calendars.isEmpty && site.shifts.isEmpty)
  }

  /// Summer time began on 2026-03-29 at 01:00Z.
  @Test func a_zone_is_its_table_of_changes() throws {
    let zone = try Self.site().zone
    #expect(zone.name == "Europe/Berlin")
    #expect(zone.changes.contains(Zone.Change(at: Self.at("2026-03-29T01:00"), offset: .hours(2))))
    #expect(zone.changes.contains(Zone.Change(at: Self.at("2026-10-25T01:00"), offset: .hours(1))))
    #expect(zone.changes.contains { $0.at > Self.at("2099-01-01T00:00") })
  }

  @Test func a_zone_without_summer_time_may_have_changed_its_offset() throws {
    let zone = try #require(Zone.known(as: "Europe/Moscow"))
    #expect(zone.changes.last == Zone.Change(at: Self.at("2014-10-25T22:00"), offset: .hours(3)))
  }

  @Test(arguments: ["GMT+3", "EST", "Europe/Atlantis", "europe/berlin", ""])
  func what_is_no_place_is_no_zone(name: String) { #expect(Zone.known(as: name) == nil) }

  @Test func shifts_have_days_and_may_go_past_midnight() throws {
    let shifts = try Self.site().shifts
    #expect(shifts.map(\.name) == ["early", "night"])
    #expect(shifts[0].days == [.monday, .tuesday, .wednesday, .thursday, .friday])
    #expect(shifts[1].days == .all)
    #expect(shifts[1].span.to == .hours(30))
  }

  @Test(arguments: [
    // Friday 22:00, Saturday from 06:00 to midnight, Sunday not.
    ("2026-03-06T21:00", "2026-03-07T05:00"), ("2026-03-07T05:00", "2026-03-07T23:00"),
    ("2026-03-07T23:00", "2026-03-09T05:00"),
    // Christmas.
    ("2026-12-24T05:00", "2026-12-24T11:00"), ("2026-12-24T11:00", "2026-12-28T05:00"),
    // The shutdown begins as the day would; in August 06:00 is 04:00Z.
    ("2026-08-02T12:00", "2026-08-17T04:00"),
  ])
  func a_calendar_opens_and_closes_as_it_is_written(after: String, next: String) throws {
    let site = try Self.site()
    #expect(site.calendars[0].nextChange(after: Self.at(after), in: site.zone) == Self.at(next))
  }

  @Test func what_is_never_open_is_not() throws {
    let site = try Self.site()
    #expect(site.calendars[1].name == "never")
    #expect(!site.calendars[1].isOpen(at: Self.at("2026-03-06T12:00"), in: site.zone))
  }

  @Test(arguments: [
    ("Europe/Berlin", "Europe/Paris"), ("early: {from: 06:00", "early: {from: 06:30"),
    ("days: Mon-Fri}", "days: Mon-Sat}"),
    ("to: 22:00}", "to: 21:00}"), ("2026-12-24:", "2026-12-23:"), ("2026-08-03 06:00", "2026-08-03 07:00"),
    ("night:", "nights:"), ("never: {open: never}", "never: {open: always}"),
  ])
  func what_the_calendars_say_is_in_the_fingerprint(old: String, new: String) throws {
    #expect(try Self.site((old, new)).fingerprint != Self.site().fingerprint)
  }
}
