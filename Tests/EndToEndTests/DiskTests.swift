import CPowerLoss
import Campaigns
import Demo
import Faults
import Foundation
import Ledger
import Rules
import Testing

/// The disk under the ledger fails while the plant goes on. Nothing is acknowledged or acted on that is not on it.
@Suite(.serialized) struct DiskTests {
  @Test func on_a_full_or_read_only_disk_nothing_is_acknowledged_and_afterwards_everything_comes_once() async throws {
    let server = try OrderServer(seed: Campaign.seed, dying: 4)
    server.recover()
    defer { server.stop() }
    let place = try await Workplace(orders: server.port, rule: KillTests.rule)
    try await place.use {
      let load = try place.beginLoad(seed: Campaign.seed)
      let engine = try place.faultyEngine()
      try eventually("the first order is sent") { !server.deliveries.isEmpty }
      for (error, words) in [(ENOSPC, "no room on the disk"), (EROFS, "disk I/O error"), (EIO, "disk I/O error")] {
        let before = place.said.utf8.count
        func refusals() -> Int {
          place.said.utf8.dropFirst(before).split(separator: UInt8(ascii: "\n")).count {
            let line = String($0) ?? ""
            return line.contains("cannot commit a batch") && line.contains(words)
          }
        }
        engine.set(\.write_error, to: error)
        try eventually("the engine says why it cannot commit") { refusals() >= 1 }
        let (journalled, sent) = (try place.journalled(), server.deliveries.count)
        let acknowledged = engine.acknowledgements
        #expect(acknowledged > 0)
        let published = load.count
        try eventually("the broker takes what the engine does not") { refusals() >= 3 && load.count >= published + 100 }
        #expect(engine.acknowledgements == acknowledged)
        #expect(try place.journalled() == journalled)
        #expect(server.deliveries.count == sent)
        #expect(engine.child.isRunning)
        engine.set(\.write_error, to: 0)
        try eventually("it goes on by itself") { try place.journalled() > journalled }
      }
      try load.stop()
      try place.waitUntilSettled(load, engine)
      engine.child.stop()
      #expect(engine.child.exitCode == 0)
      try place.expectNothingLost(load.acknowledged, server.deliveries, decisions: 1)
    }
  }

  @Test func a_halt_on_a_full_disk_says_that_nothing_can_be_sent_and_is_on_disk_when_there_is_room() async throws {
    let server = try OrderServer(seed: Campaign.seed, dying: 4)
    server.recover()
    defer { server.stop() }
    let place = try await Workplace(orders: server.port, rule: KillTests.rule)
    try await place.use {
      let load = try place.beginLoad(seed: Campaign.seed)
      let engine = try place.faultyEngine()
      try eventually("the first order is sent") { !server.deliveries.isEmpty }
      engine.set(\.write_error, to: ENOSPC)
      try eventually("the engine says why it cannot commit") { place.said.contains("no room on the disk") }
      // More than are answered at the same time, and each waits for the disk.
      let waiting = try (0..<40).map { _ in try Peer(place.folder + "/site/state/control.sock") }
      for peer in waiting { peer.send(#"{"takeOut":{"asset":"P-103","why":"x"}}"# + "\n") }
      let halt = try place.run("halt", "--why", "smoke", "--ledger", place.ledger)
      #expect(halt.code == 3)
      for words in ["nothing is sent from now on", "nothing can be sent anyway", "no room on the disk"] {
        #expect(halt.output.contains(words), "\(halt.output)")
      }
      #expect(waiting.count { $0.isLeft } == 0, "the others still wait")
      let sent = server.deliveries.count
      engine.set(\.write_error, to: 0)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("the halt is on disk") { try reader.halt()?.why == "smoke" }
      #expect(server.deliveries.count == sent, "not even before the halt was on disk")
      try load.stop()
      withExtendedLifetime(waiting) {}
    }
  }

  @Test func a_sync_that_failed_once_ends_the_engine_and_the_next_start_goes_on_from_what_the_disk_has() async throws {
    let server = try OrderServer(seed: Campaign.seed, dying: 4)
    server.recover()
    defer { server.stop() }
    let place = try await Workplace(orders: server.port, rule: KillTests.rule)
    try await place.use {
      let load = try place.beginLoad(seed: Campaign.seed)
      for _ in 0..<3 {
        let engine = try place.faultyEngine { $0.sync_error = EIO }
        let (journalled, sent) = (try place.journalled(), server.deliveries.count)
        try eventually("the engine works") {
          try place.journalled() > journalled + 50 && server.deliveries.count > sent
        }
        // One may be of a checkpoint, which is tried again later and does no harm.
        engine.set(\.sync_errors, to: 2)
        try eventually("the engine ends by itself") { !engine.child.isRunning }
        #expect(engine.child.exitCode == 3, "\(place.said.suffix(2_000))")
        #expect(place.said.contains("a sync failed"))
      }
      try load.stop()
      let last = try place.faultyEngine()
      try place.waitUntilSettled(load, last)
      last.child.stop()
      try place.expectNothingLost(load.acknowledged, server.deliveries, decisions: 3)
    }
  }
}

extension FaultyProcess {
  /// How many messages were acknowledged to the broker, in writes: several may go in one.
  fileprivate var acknowledgements: Int32 { state.counts.6 }
}

extension Workplace {
  /// How many values are in the journal.
  fileprivate func journalled() throws -> Int { try Self.values(in: try LedgerReader(path: ledger)).count }
}
