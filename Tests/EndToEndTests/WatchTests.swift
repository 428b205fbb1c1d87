import Campaigns
import Engine
import Foundation
import Rules
import Testing
import millwright

/// The engine watches itself: each trouble says since when and ends by itself.
@Suite struct WatchTests {
  @Test func a_turn_that_does_not_end_is_a_trouble_and_alone_keeps_the_word_to_the_watchdog_back() throws {
    let watched = try Watched()
    defer { watched.end() }
    let systemd = try DatagramSocket(path: watched.folder + "/notify")
    let watchdog = Watchdog(watched.board, watched.now) { [folder = watched.folder] in
      notifySystemd($0, environment: ["NOTIFY_SOCKET": folder + "/notify"])
    }
    watchdog.look()
    #expect(systemd.received() == ["WATCHDOG=1"])
    watched.source.holdTakes()
    try eventually("the engine is in a turn") {
      watched.inbox.wake()
      return watched.source.isHolding
    }
    let began = watched.now()
    watched.pass(.seconds(4))
    watchdog.look()
    #expect(systemd.received() == ["WATCHDOG=1"], "a turn of four seconds is no trouble")
    #expect(watched.trouble(.turn) == nil)
    watched.pass(.seconds(2))
    watchdog.look()
    #expect(systemd.received().isEmpty)
    let trouble = try #require(watched.trouble(.turn))
    #expect(trouble.since == began)
    #expect(trouble.text.contains("evaluating what came"))
    watched.source.release()
    try eventually("it has ended") { watched.trouble(.turn) == nil }
    watchdog.look()
    #expect(systemd.received() == ["WATCHDOG=1"])
  }

  @Test func a_slow_commit_is_a_trouble_while_it_lasts_and_until_faster_ones_have_come() throws {
    let watched = try Watched()
    defer { watched.end() }
    watched.journal.holdCommits()
    try watched.give(1)
    try eventually("the engine is in a commit") {
      watched.pass(.seconds(0))
      watched.inbox.wake()
      watched.pass(TimeSpan(microseconds: 20_000))
      return watched.journal.isHolding
    }
    watched.pass(.seconds(3))
    #expect(watched.trouble(.slowCommit)?.text == "commits take longer than 1 s: one has taken 3 s so far")
    watched.journal.release()
    try eventually("it has ended") { watched.board.pulse?.work != .committing }
    try watched.passAndSee(.seconds(1))
    #expect(watched.trouble(.slowCommit)?.text.contains("the newest slow one took 3") == true)
    try watched.passAndSee(.seconds(10))
    #expect(watched.trouble(.slowCommit) == nil)
  }

  @Test func what_waited_longer_than_its_lateness_before_it_was_evaluated_is_a_trouble() throws {
    let watched = try Watched()
    defer { watched.end() }
    try watched.link(.caughtUp)
    try watched.give(1, arrivedBefore: TimeSpan(microseconds: 1_900_000))
    try watched.passAndSee(.seconds(1))
    #expect(watched.trouble(.queue) == nil)
    try watched.give(2, arrivedBefore: .seconds(5))
    try watched.passAndSee(.seconds(1))
    let trouble = try #require(watched.trouble(.queue))
    #expect(trouble.key.subject == "plant")
    for _ in 0..<3 { try watched.passAndSee(.seconds(1)) }
    #expect(watched.trouble(.queue) == nil, "it has ended")
  }

  @Test func a_source_that_is_up_and_silent_for_longer_than_its_tags_may_be_is_a_trouble() throws {
    let watched = try Watched()
    defer { watched.end() }
    try watched.link(.caughtUp)
    try watched.passAndSee(.seconds(1))
    #expect(watched.troubles.isEmpty)
    let linked = watched.now() - .seconds(1)
    try watched.passAndSee(.seconds(58))
    #expect(watched.troubles.isEmpty, "it has just connected")
    try watched.passAndSee(.seconds(5))
    let trouble = try #require(watched.trouble(.silent))
    #expect(trouble.text == "source plant is up and nothing has come for more than 1 min")
    #expect(abs((trouble.since ?? .distantPast).seconds(from: linked)) <= 2)
    try watched.give(1)
    try watched.passAndSee(.seconds(1))
    #expect(watched.troubles.isEmpty)
    try watched.link(.lost)
    try watched.passAndSee(.minutes(5))
    #expect(watched.troubles.map(\.key.kind) == [.link], "a link that is down is not silent")
  }

  @Test func where_no_tag_shows_life_itself_a_source_may_be_silent_as_long_as_a_rule_may_be_blind() throws {
    let watched = try Watched(life: .device)
    defer { watched.end() }
    try watched.link(.caughtUp)
    try watched.passAndSee(.seconds(1))
    try watched.passAndSee(.hours(23))
    #expect(watched.trouble(.silent) == nil)
    try watched.passAndSee(.hours(2))
    #expect(watched.trouble(.silent) != nil)
  }

  @Test func the_bound_of_memory_is_the_sites_else_the_least_limit_above_less_a_tenth() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/millwright-groups-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func write(_ text: String, _ path: String) throws {
      let file = folder + "/" + path
      try FileManager.default.createDirectory(
        atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try text.write(toFile: file, atomically: true, encoding: .utf8)
    }
    func found(_ site: Int64? = nil) -> Int64? {
      MemoryBound.find(site: site, groups: folder + "/cgroup", mount: folder)?.bytes
    }
    #expect(found() == nil, "no control group at all")
    try write("0::/system.slice/millwright.service\n", "cgroup")
    try write("max\n", "system.slice/millwright.service/memory.max")
    #expect(found() == nil, "none has a limit")
    try write("1000000000\n", "system.slice/memory.max")
    #expect(found() == 900_000_000, "a limit above counts")
    try write("500000000\n", "system.slice/millwright.service/memory.max")
    #expect(found() == 450_000_000)
    #expect(found(460_000_000) == 460_000_000, "the site's word counts")
    try write("4:cpu,memory:/docker/x\n", "cgroup")
    try write("200000000\n", "memory/docker/x/memory.limit_in_bytes")
    try write("9223372036854771712\n", "memory/memory.limit_in_bytes")
    #expect(found() == 180_000_000, "version 1")
    let bound = try #require(MemoryBound.find(site: nil, groups: folder + "/cgroup", mount: folder))
    #expect(bound.trouble(resident: 180_000_000) == nil)
    #expect(bound.trouble(resident: 180_000_001)?.key.kind == .memory)
    #expect((MemoryBound.resident ?? 0) > 1_000_000)
  }

  @Test func the_log_tells_the_end_of_a_trouble_once_and_the_list_says_since_when() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let ledger = ["--ledger", place.ledger]
      #expect(try place.run(["halt", "--why", "valve 4 is open"] + ledger).code == 0)
      let listed = try place.run(["sources", "--format", "json"] + ledger).output
      #expect(listed.contains(#""kind": "halt""#) || listed.contains(#""kind":"halt""#), "\(listed)")
      #expect(listed.contains("halted: nothing is sent"))
      #expect(try place.run(["sources"] + ledger).output.contains("(since 20"))
      try eventually("the log says so") { place.log.contains("event=health troubles=\"halted") }
      #expect(try place.run(["resume"] + ledger).code == 0)
      func ends() -> Int {
        place.log.split(separator: "\n").count { $0.contains("trouble ended") && $0.contains("kind=halt") }
      }
      try eventually("the log tells its end") { ends() > 0 }
      #expect(place.stop() == 0)
      #expect(ends() == 1)
    }
    await place.close()
  }

  @Test func check_reckons_what_windows_take_and_finds_what_is_above_the_bound() async throws {
    let rule = Workplace.rule.replacingOccurrences(
      of: #"latest "SuctionPressure [bar g]""#, with: #"average("SuctionPressure [bar g]", "24 h")"#)
    for (bound, code) in [("460 MB", Int32(0)), ("64 MB", 1)] {
      let place = try await Workplace(
        rule: rule, change: { site, _ in site = site.replacingOccurrences(of: "460 MB", with: bound) })
      try await onAThread {
        let checked = try place.run(["check"] + place.arguments)
        #expect(checked.code == code, "\(checked.output)")
        #expect(checked.output.contains(code == 0 ? "memory at a sample a second of each tag" : "shorten windows"))
        #expect(checked.output.contains("memory_at_most"))
      }
      await place.close()
    }
  }
}

extension Instant {
  fileprivate func seconds(from other: Instant) -> Double { (self - other).seconds }
}
