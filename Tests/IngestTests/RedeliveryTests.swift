import Foundation
import Ingest
import Rules
import Testing

/// What a broker delivers again, against a real one.
@Suite(.serialized) struct RedeliveryTests {
  /// A journal that has three messages the broker has no acknowledgement of: the process died in between.
  private func diedAfterCommit(_ broker: Broker, _ payloads: [String]) throws -> [MessageMark] {
    let engine = try Listener(port: broker.port)
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    engine.commit()
    for payload in payloads { try broker.publish("plant/P-101/Flow", payload) }
    try engine.wait("all of them") { $0.messages == payloads.count }
    engine.source.stop()
    return engine.journal + engine.intake.marks.filter { $0.packet != 0 }
  }

  @Test func what_the_journal_has_is_acknowledged_and_not_given_again() throws {
    let broker = try Broker()
    let journal = try diedAfterCommit(broker, ["1", "not a number", "3"])
    let engine = try Listener(port: broker.port, delivered: journal)
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    #expect(engine.events == [.connected, .caughtUp])
    #expect(engine.messages == 0, "\(engine.intake)")
    #expect(engine.source.condition.matched == 3)
    try broker.publish("plant/P-101/Flow", "4")
    try engine.wait("the new one") { $0.values == [.number(4)] }
    engine.source.stop()
    // To someone who knows nothing the broker gives what it has no acknowledgement of.
    let stranger = try Listener(port: broker.port)
    defer { stranger.source.stop() }
    try stranger.wait("the unacknowledged") { !$0.values.isEmpty }
    #expect(stranger.values == [.number(4)])
    #expect(stranger.messages == 1)
  }

  @Test func what_was_read_and_not_committed_is_given_again_after_what_was() throws {
    let broker = try Broker()
    let journal = try diedAfterCommit(broker, ["1", "2", "3"])
    let engine = try Listener(port: broker.port, delivered: journal.dropLast())
    defer { engine.source.stop() }
    try engine.wait("the third") { !$0.values.isEmpty }
    #expect(engine.values == [.number(3)])
  }

  @Test func a_new_message_with_the_packet_id_and_the_content_of_an_old_one_is_given() throws {
    let broker = try Broker()
    let first = try Listener(port: broker.port)
    try first.wait("caught up") { $0.events.last == .caughtUp }
    try broker.publish("plant/P-101/Flow", "1")
    try first.wait("the change") { $0.messages == 1 }
    first.commit()
    first.source.stop()
    var mark = try #require(first.journal.last)
    mark.packet += 1
    // The next message gets this packet id, and says the same as one of long ago under the same id.
    let second = try Listener(port: broker.port, delivered: first.journal + [mark])
    defer { second.source.stop() }
    try second.wait("caught up") { $0.events.last == .caughtUp }
    try broker.publish("plant/P-101/Flow", "1")
    try second.wait("the change") { $0.values == [.number(1)] }
    #expect(second.intake.marks.last == mark)
    #expect(second.source.condition.matched == 0)
  }

  @Test func marks_are_the_same_in_every_process() throws {
    let broker = try Broker()
    let engine = try Listener(port: broker.port)
    defer { engine.source.stop() }
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    try broker.publish("plant/P-101/Flow", "12.25 is more than eight bytes")
    try engine.wait("the dead letter") { $0.messages == 1 }
    #expect(engine.intake.marks.last == MessageMark(source: SourceID(0), packet: 1, hash: 18_257_104_038_173_989_252))
  }

  @Test func a_message_without_acknowledgement_has_no_mark() throws {
    let broker = try Broker()
    let engine = try Listener(port: broker.port)
    defer { engine.source.stop() }
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    try broker.publish("plant/P-101/Flow", "1", qos: 0)
    try engine.wait("the change") { $0.values == [.number(1)] }
    #expect(engine.messages == 0)
  }

  @Test func a_commit_stands_though_a_refusal_follows_at_once() throws {
    let broker = try Broker()
    let engine = try Listener(port: broker.port, backOff: .none)
    defer { engine.source.stop() }
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    try broker.publish("plant/P-101/Flow", "1")
    try engine.wait("the change") { $0.messages == 1 }
    engine.commit()
    engine.refuse()
    try broker.publish("plant/P-101/Flow", "2")
    try engine.wait("the next") { $0.values.contains(.number(2)) }
    #expect(engine.values == [.number(2)])
  }

  @Test func a_refusal_stands_though_a_commit_follows_at_once() throws {
    let broker = try Broker()
    let engine = try Listener(port: broker.port, backOff: .none)
    defer { engine.source.stop() }
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    try broker.publish("plant/P-101/Flow", "1")
    try engine.wait("the change") { $0.messages == 1 }
    engine.refuse()
    engine.commit()
    try broker.publish("plant/P-101/Flow", "2")
    try engine.wait("both") { $0.values.contains(.number(2)) }
    #expect(engine.values == [.number(1), .number(2)])
  }

  @Test func a_new_session_that_never_reached_the_journal_is_a_gap_at_the_next_start() throws {
    let broker = try Broker()
    let first = try Listener(port: broker.port)
    try first.wait("the new session") { $0.events.contains(.newSession) }
    // Died with it in hand: the journal only knows that the broker was to be asked.
    first.source.stop()
    #expect(first.journal.count == 1)
    let second = try Listener(port: broker.port, delivered: first.journal)
    try second.wait("caught up") { $0.events.last == .caughtUp }
    #expect(second.events == [.newSession, .connected, .caughtUp])
    second.commit()
    second.source.stop()
    let third = try Listener(port: broker.port, delivered: second.journal)
    defer { third.source.stop() }
    try third.wait("caught up") { $0.events.last == .caughtUp }
    #expect(third.events == [.connected, .caughtUp], "the session was kept, and the journal knows since when")
  }

  @Test func a_new_session_whose_answer_was_lost_is_a_gap_when_the_broker_says_kept() throws {
    let broker = try Broker()
    let proxy = try FaultProxy(to: broker.port) { (.reset, after: 0) }
    defer { proxy.stop() }
    let engine = try Listener(port: proxy.port, backOff: .none)
    defer { engine.source.stop() }
    try engine.wait("a lost answer") { _ in proxy.faults[.reset] ?? 0 > 0 }
    proxy.heal()
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    #expect(engine.events.suffix(3) == [.newSession, .connected, .caughtUp])
    #expect(engine.log.all.contains { $0.contains("perhaps not the one we had") }, "\(engine.log.all)")
  }
}

extension BackOff {
  static let none = BackOff(shortest: .zero, longest: .zero)
}
