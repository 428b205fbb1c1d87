import Campaigns
import Demo
import Foundation
import Glibc
import Ledger
import Rules
import Synchronization
import Testing

/// Persons and the engine: the control socket with the command at its other end, on real parts.
@Suite(.serialized) struct ControlTests {
  @Test func an_advised_action_is_sent_when_a_person_approves_it_and_the_story_says_who() async throws {
    let place = try await Workplace(workOrders: .advise)
    try await onAThread {
      try place.start()
      try place.suction("P-101", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("the action waits") { try reader.actions(state: .waiting).count == 1 }
      #expect(place.desk.orders.isEmpty)
      let early = try place.run("actions", "retry", "1", "--ledger", place.ledger)
      #expect(early.code == 1)
      #expect(early.output.contains("action 1 is waiting; only a dead or unknown action can be sent again"))

      let approve = try place.run("decisions", "approve", "1", "--ledger", place.ledger)
      #expect(approve.code == 0, "\(approve.output)")
      try eventually("the desk has the order") { place.desk.orders.count == 1 }
      try eventually("the receipt is in the ledger") { try reader.actions(state: .settled).count == 1 }
      let again = try place.run("decisions", "reject", "1", "1", "--why", "late", "--ledger", place.ledger)
      #expect(again.code == 1)
      #expect(again.output.contains("action 1 is settled; only a waiting action can be rejected"))

      let verdict = try place.run(
        "decisions", "verdict", "1", "confirmed", "--cost", "1 200 EUR", "--note", "strainer was full", "--ledger",
        place.ledger)
      #expect(verdict.code == 0, "\(verdict.output)")
      let show = try place.run("decisions", "show", "1", "--ledger", place.ledger)
      for part in ["approved by h.weber", "settled", "confirmed", "1 200 EUR", "strainer was full"] {
        #expect(show.output.contains(part), "decisions show says:\n\(show.output)")
      }
      #expect(place.stop() == 0)
      #expect(try place.run("verify", "--ledger", place.ledger).code == 0)
    }
    await place.close()
  }

  @Test func nothing_is_sent_between_halt_and_resume() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let halt = try place.run("halt", "--why", "a valve is open", "--ledger", place.ledger)
      #expect(halt.code == 0, "\(halt.output)")
      try place.suction("P-101", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("the action is ready") { try reader.actions(state: .ready).count == 1 }
      let sources = try place.run("sources", "--ledger", place.ledger)
      #expect(sources.output.contains("halted: nothing is sent (by h.weber"), "\(sources.output)")
      let before = Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
      #expect(try place.run("resume", "--ledger", place.ledger).code == 0)
      try eventually("the order is settled") { try reader.actions(state: .settled).count == 1 }
      let events = try #require(try reader.decision(matching: "1")?.actions.first?.events)
      #expect(events.first?.state == .ready && events.last?.state == .settled)
      // On a slow machine an attempt may come to nothing; none came before its time.
      #expect(events.contains { $0.state == .sending })
      #expect(events.allSatisfy { $0.state != .sending || $0.at >= before }, "it was sent only after 'resume'")
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func with_no_engine_a_command_does_the_same_by_itself_and_the_next_engine_knows() async throws {
    let place = try await Workplace(workOrders: .advise)
    try await onAThread {
      let none = try place.run("halt", "--why", "x", "--ledger", place.ledger)
      #expect(none.code == 3)
      #expect(!FileManager.default.fileExists(atPath: place.ledger), "it makes no ledger")
      try place.start()
      try place.suction("P-101", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("the action waits") { try reader.actions(state: .waiting).count == 1 }
      #expect(place.stop() == 0)

      let site = place.folder + "/site"
      let approve = try place.run("decisions", "approve", "1", "1", "--site", site)
      #expect(approve.code == 0, "\(approve.output)")
      #expect(approve.output.contains("is ready: approved by h.weber"), "\(approve.output)")
      let last = try place.run("sources", "--site", site)
      #expect(last.output.contains("the engine is not running"))
      try place.start()
      try eventually("the desk has the order") { place.desk.orders.count == 1 }
      #expect(place.stop() == 0)
      #expect(try place.run("verify", "--site", site).code == 0)
    }
    await place.close()
  }

  @Test func a_ledger_held_by_something_that_does_not_answer_is_named_with_its_pid() async throws {
    let place = try await Workplace()
    try await onAThread {
      let held = try Ledger(path: place.ledger)
      let halt = try place.run("halt", "--why", "x", "--site", place.folder + "/site")
      #expect(halt.code == 3)
      #expect(halt.output.contains("process \(getpid()) has the ledger"), "\(halt.output)")
      _ = try held.nextInput
    }
    await place.close()
  }

  // MARK: Who may

  @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"))
  func an_account_that_is_nobodys_may_change_nothing_and_one_outside_the_group_cannot_even_ask() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let socket = place.folder + "/site/state/control.sock"
      let ask = #"{"halt":{"why":"let me"}}"#
      // The folder is for its owner only.
      #expect(try place.ask(ask, as: 65534).contains("Permission denied"))
      chmod(place.folder + "/site/state", 0o755)
      // The socket is for owner and group.
      #expect(try place.ask(ask, as: 65534).contains("Permission denied"))
      chmod(socket, 0o666)
      let answer = try place.ask(ask, as: 65534)
      #expect(answer.contains("nobody among the site's people has the login 'nobody'"), "\(answer)")
      #expect(answer.contains("add 'login: nobody'"))
      #expect(try LedgerReader(path: place.ledger).halt() == nil)
      #expect(try place.ask(#"{"health":{}}"#, as: 65534).contains("troubles"))
      #expect(place.stop() == 0)
      #expect(!FileManager.default.fileExists(atPath: socket))
    }
    await place.close()
  }

  @Test func the_socket_is_for_owner_and_group_and_one_left_by_a_kill_is_replaced() async throws {
    let place = try await Workplace()
    try await onAThread {
      let socket = place.folder + "/site/state/control.sock"
      try place.start()
      var info = stat()
      #expect(lstat(socket, &info) == 0 && info.st_mode & 0o7777 == 0o660 && info.st_mode & S_IFMT == S_IFSOCK)
      place.kill()
      #expect(lstat(socket, &info) == 0, "a kill leaves it")
      try place.start()
      #expect(try place.run("halt", "--why", "x", "--ledger", place.ledger).code == 0)
      #expect(place.stop() == 0)
      // What is no socket is not removed.
      try "mine".write(toFile: socket, atomically: true, encoding: .utf8)
      let run = try place.run(["run"] + place.arguments)
      #expect(run.code == 3)
      #expect(run.output.contains("something that is no socket is in the way"), "\(run.output)")
      #expect(try String(contentsOfFile: socket, encoding: .utf8) == "mine")
    }
    await place.close()
  }

  // MARK: Bad manners

  @Test func garbage_on_the_socket_is_answered_or_dropped_and_the_engine_goes_on() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let socket = place.folder + "/site/state/control.sock"
      var random = SplitMix(seed: 41)
      var garbage: [[UInt8]] = (0..<60).map { _ in
        (0..<Int(random.next() % 3000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      }
      garbage.append([UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20))
      garbage.append([UInt8](repeating: UInt8(ascii: "["), count: 200_000) + [10])
      garbage += ["\n", "{}\n", "null\n", #"{"halt":{}}"# + "\n", #"{"halt":{"why":7}}"# + "\n"].map { Array($0.utf8) }
      garbage.append(Array((#"{"halt":{"why":""# + String(repeating: "x", count: 9_000) + "\"}}\n").utf8))
      for bytes in garbage {
        let peer = try Peer(socket)
        peer.send(bytes)
        peer.endSending()
        let answer = peer.all()
        #expect(answer.isEmpty || answer.contains("failed") || answer.contains("refused"), "\(answer.prefix(200))")
      }
      // Some who say half a line and stay.
      let silent = try (0..<8).map { _ in try Peer(socket) }
      for peer in silent { peer.send(#"{"halt":{"why":"#) }
      try place.suction("P-101", 0.2)
      try eventually("the desk has an order") { place.desk.orders.count == 1 }
      #expect(try place.run("sources", "--ledger", place.ledger).code == 0)
      #expect(try LedgerReader(path: place.ledger).halt() == nil)
      #expect(place.stop() == 0)
      withExtendedLifetime(silent) {}
    }
    await place.close()
  }

  @Test func a_hundred_clients_at_once_all_get_an_answer_while_the_engine_decides() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let socket = place.folder + "/site/state/control.sock"
      let answers = Mutex<[String]>([])
      let done = DispatchSemaphore(value: 0)
      for number in 0..<100 {
        Thread.detachNewThread {
          defer { done.signal() }
          guard let peer = try? Peer(socket) else { return }
          peer.send(number % 2 == 0 ? "{\"health\":{}}\n" : #"{"halt":{"why":"number \#(number)"}}"# + "\n")
          let answer = peer.all()
          answers.withLock { $0.append(answer) }
        }
      }
      for _ in 0..<100 { done.wait() }
      let found = answers.withLock { $0 }
      #expect(found.count == 100)
      #expect(found.count { $0.contains("troubles") } == 50)
      #expect(found.count { $0.contains("halted since") } == 50)
      #expect(try place.run("resume", "--ledger", place.ledger).code == 0)
      try place.suction("P-101", 0.2)
      try eventually("the desk has an order") { place.desk.orders.count == 1 }
      #expect(place.stop() == 0)
      #expect(try place.run("verify", "--ledger", place.ledger).code == 0)
    }
    await place.close()
  }

  /// How many of them the engine has left.
  private func left(_ peers: [Peer]) -> Int { peers.count { $0.isLeft } }

  @Test func a_halt_is_answered_while_four_hundred_clients_hang_and_none_of_them_was_left_for_it() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let socket = place.folder + "/site/state/control.sock"
      let hanging = try (0..<400).map { _ in try Peer(socket) }
      for peer in hanging { peer.send(#"{"halt":{"why":"#) }
      let halt = try place.run("halt", "--why", "a valve is open", "--ledger", place.ledger)
      #expect(halt.code == 0, "\(halt.output)")
      // They are left after a while; none needed to be before the halt could be heard.
      #expect(left(hanging) == 0)
      #expect(try place.run("sources", "--ledger", place.ledger).code == 0)
      #expect(place.stop() == 0)
      withExtendedLifetime(hanging) {}
    }
    await place.close()
  }

  @Test func of_those_who_hang_the_longest_are_left_when_more_come_than_are_heard() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let socket = place.folder + "/site/state/control.sock"
      let hanging = try (0..<600).map { _ in try Peer(socket) }
      #expect(try place.run("halt", "--why", "a valve is open", "--ledger", place.ledger).code == 0)
      try eventually("the first are left") { left(Array(hanging.prefix(88))) == 88 }
      // All that hang are left in the end.
      try eventually("the last is left") { left(hanging) == 600 }
      #expect(place.stop() == 0)
      withExtendedLifetime(hanging) {}
    }
    await place.close()
  }

  // MARK: Backup

  @Test func an_order_made_after_the_backup_is_not_made_again_by_the_restored_ledger() async throws {
    let place = try await Workplace()
    try await onAThread {
      let (site, file) = (place.folder + "/site", place.folder + "/backup.sqlite")
      try place.start()
      #expect(try place.run("halt", "--why", "x", "--site", site).code == 0)
      try place.suction("P-101", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("the action is ready") { try reader.actions(state: .ready).count == 1 }
      let backup = try place.run("backup", file, "--site", site)
      #expect(backup.code == 0, "\(backup.output)")
      #expect(try place.run("resume", "--site", site).code == 0)
      try eventually("the order is settled") { try reader.actions(state: .settled).count == 1 }
      #expect(try place.run("restore", file, site).code == 3, "an engine has the ledger")
      #expect(place.stop() == 0)

      let restore = try place.run("restore", file, site)
      #expect(restore.code == 0, "\(restore.output)")
      let actions = try place.run("actions", "list", "--site", site)
      #expect(actions.output.contains("unknown"), "\(actions.output)")
      let early = try place.run("resume", "--site", site)
      #expect(early.code == 1)
      #expect(early.output.contains("must be looked up first: 1"), "\(early.output)")

      try place.start()
      #expect(try place.run("resume", "--anyway", "--site", site).code == 0)
      let restored = try LedgerReader(path: place.ledger)
      try eventually("the order is settled again") { try restored.actions(state: .settled).count == 1 }
      #expect(place.desk.orders.count == 1, "one order, found by its key")
      #expect(place.stop() == 0)
      #expect(try place.run("verify", "--site", site).code == 0)
    }
    await place.close()
  }

  @Test func trouble_that_has_an_order_since_the_backup_gets_no_second_one() async throws {
    let place = try await Workplace()
    try await onAThread {
      let (site, file) = (place.folder + "/site", place.folder + "/backup.sqlite")
      try place.start()
      try place.suction("P-101", 0.6)
      #expect(try place.run("backup", file, "--site", site).code == 0)
      try place.suction("P-101", 0.2)
      try eventually("the desk has an order") { place.desk.orders.count == 1 }
      place.kill()
      let restore = try place.run("restore", file, site)
      #expect(restore.code == 0, "\(restore.output)")
      #expect(restore.output.contains("every source's session counts as lost since then"), "\(restore.output)")

      try place.start()
      try place.suction("P-101", 0.19)
      let restored = try LedgerReader(path: place.ledger)
      // The desk cannot be asked for open orders.
      try eventually("it waits for a person") {
        try restored.actions(state: .unknown).contains {
          $0.due == nil && $0.reason?.contains("it may have been made between") == true
        }
      }
      let resume = try place.run("resume", "--site", site)
      #expect(resume.code == 0 && resume.output.contains("1 action may have been made"), "\(resume.output)")
      #expect(try place.run("actions", "drop", "1", "--why", "it is there", "--site", site).code == 0)
      #expect(try restored.actions().map(\.state) == [.cancelled])
      #expect(place.stop() == 0)
      #expect(place.desk.orders.count == 1)
      #expect(try place.run("verify", "--site", site).code == 0)
    }
    await place.close()
  }

  @Test func a_listing_needs_no_secret_of_the_site() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      #expect(place.stop() == 0)
      let file = place.folder + "/site/site.yaml"
      let text = try String(contentsOfFile: file, encoding: .utf8)
      try text.replacingOccurrences(
        of: "lateness:", with: "username: millwright\n    password: {env: MILLWRIGHT_TEST_NOT_SET}\n    lateness:"
      ).write(toFile: file, atomically: true, encoding: .utf8)
      for words in [["decisions", "list"], ["actions", "list"], ["conditions", "list"], ["sources"], ["verify"]] {
        let listing = try place.run(words + ["--site", place.folder + "/site"])
        #expect(listing.code == 0, "\(listing.output)")
      }
      let letters = try place.run("sources", "dead-letters", "--site", place.folder + "/site")
      #expect(letters.output.contains("every message could be read"))
    }
    await place.close()
  }
}

extension Workplace {
  /// What a process of another account hears at a socket; or why it hears nothing.
  fileprivate func ask(_ line: String, as uid: Int) throws -> String {
    // In the folder before it is somebody else: what lies above it is not this test's to open.
    let script = """
      use IO::Socket::UNIX;
      chdir $ARGV[0] or die "$!\\n";
      ($(, $)) = ($ARGV[1], "$ARGV[1] $ARGV[1]"); ($<, $>) = ($ARGV[1], $ARGV[1]);
      my $s = IO::Socket::UNIX->new(Peer => "control.sock") or die "$!\\n";
      print $s "$ARGV[2]\\n"; $s->flush; print <$s>;
      """
    let log = folder + "/ask.log"
    let child = try ChildProcess(
      "/usr/bin/perl", ["-e", script, folder + "/site/state", "\(uid)", line], log: log)
    guard child.wait(seconds: 60) else {
      child.kill()
      throw DidNotHappen(what: "asking as \(uid)")
    }
    return try String(contentsOfFile: log, encoding: .utf8)
  }
}

/// The same numbers at every run.
private struct SplitMix {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
