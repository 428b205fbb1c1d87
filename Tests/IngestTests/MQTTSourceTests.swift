import Foundation
import Ingest
import Rules
import Testing

/// Against a real broker.
@Suite(.serialized) struct MQTTSourceTests {
  @Test func a_published_message_arrives_as_a_change() throws {
    let broker = try Broker()
    let engine = try Listener(port: broker.port)
    defer { engine.source.stop() }
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    #expect(engine.events == [.newSession, .connected, .caughtUp])
    try broker.publish("json/P-101/Flow", #"{"value": 41.5, "ts": 1760000000000, "quality": "good"}"#)
    try engine.wait("the change") { !$0.changes.isEmpty }
    #expect(engine.changes == [TagChange(TagID(0), .number(41.5), time: Instant(seconds: 1_760_000_000))])
  }

  @Test func what_was_not_committed_comes_again_to_the_next_start() throws {
    let broker = try Broker()
    let first = try Listener(port: broker.port)
    try first.wait("caught up") { $0.events.last == .caughtUp }
    first.commit()
    try broker.publish("plant/P-101/Flow", "1")
    try first.wait("the change") { $0.values == [.number(1)] }
    first.source.stop()

    let second = try Listener(port: broker.port)
    try second.wait("the change again, then caught up") { $0.values == [.number(1)] }
    #expect(second.events.first == .connected, "the session was kept")
    second.commit()
    // The broker answers in order: once this one is here, the acknowledgement before it was written.
    try broker.publish("plant/P-101/Flow", "2")
    try second.wait("the next change") { $0.values == [.number(1), .number(2)] }
    second.source.stop()

    let third = try Listener(port: broker.port)
    defer { third.source.stop() }
    try third.wait("only the uncommitted") { !$0.values.isEmpty }
    #expect(third.values == [.number(2)])
  }

  @Test func a_refused_batch_comes_again_and_so_does_the_word_of_a_lost_session() throws {
    let broker = try Broker()
    let engine = try Listener(port: broker.port)
    defer { engine.source.stop() }
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    try broker.publish("plant/P-101/Flow", "1")
    try engine.wait("the change") { $0.values == [.number(1)] }
    engine.refuse()
    try engine.wait("the change again") { $0.values == [.number(1)] }
    #expect(engine.events.prefix(3) == [.lost, .newSession, .connected])
    engine.commit()
    try engine.wait("caught up again") { $0.events.last == .caughtUp }
    #expect(engine.values == [.number(1)])
  }

  @Test func nothing_is_read_while_held() throws {
    let broker = try Broker()
    let engine = try Listener(port: broker.port)
    defer { engine.source.stop() }
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    engine.commit()
    engine.forget()
    engine.source.hold()
    try broker.publish("plant/P-101/Flow", "1")
    var intake = Intake()
    engine.source.take(into: &intake)
    #expect(intake.inputs.isEmpty)
    engine.source.committed()
    try engine.wait("the change") { $0.values == [.number(1)] }
  }

  @Test func the_link_returns_after_the_broker_does() throws {
    let broker = try Broker()
    let engine = try Listener(port: broker.port)
    defer { engine.source.stop() }
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    engine.commit()
    engine.forget()
    broker.stop()
    try engine.wait("lost") { $0.events == [.lost] }
    try broker.start()
    try engine.wait("caught up again") { $0.events.last == .caughtUp }
    #expect(engine.events == [.lost, .newSession, .connected, .caughtUp])
    try broker.publish("plant/P-101/Flow", "7")
    try engine.wait("the change") { $0.values == [.number(7)] }
  }

  @Test func a_backlog_is_read_before_the_source_has_caught_up() throws {
    let broker = try Broker()
    let first = try Listener(port: broker.port)
    try first.wait("caught up") { $0.events.last == .caughtUp }
    first.commit()
    first.source.stop()
    let count = 20_000
    try broker.publish("plant/P-101/Flow", lines: (0..<count).map(String.init))
    let second = try Listener(port: broker.port)
    defer { second.source.stop() }
    try second.wait("caught up") {
      $0.commit()
      return $0.events.last == .caughtUp
    }
    #expect(second.values == (0..<count).map { .number(Double($0)) })
    guard case .source(_, .caughtUp, _)? = second.intake.inputs.last else {
      Issue.record("something came after caught up")
      return
    }
  }

  @Test func a_retained_message_is_marked() throws {
    let broker = try Broker()
    try broker.publish("plant/P-101/Flow", "3", retained: true)
    let engine = try Listener(port: broker.port)
    defer { engine.source.stop() }
    try engine.wait("the retained change") { !$0.changes.isEmpty }
    #expect(engine.changes.map(\.retainedWithoutTime) == [true])
    try broker.publish("plant/P-101/Flow", "4", retained: true)
    try engine.wait("the live change") { $0.changes.count == 2 }
    #expect(engine.changes.map(\.retainedWithoutTime) == [true, false])
  }

  @Test func what_cannot_be_read_is_a_dead_letter_and_is_acknowledged() throws {
    let broker = try Broker()
    let first = try Listener(port: broker.port)
    try first.wait("caught up") { $0.events.last == .caughtUp }
    try broker.publish("json/P-101/Flow", "not JSON at all")
    try first.wait("the dead letter") { $0.intake.deadLetters.map(\.reason) == ["not JSON"] }
    first.commit()
    try broker.publish("plant/P-101/Flow", "1")
    try first.wait("the change") { $0.values == [.number(1)] }
    first.source.stop()
    let second = try Listener(port: broker.port)
    defer { second.source.stop() }
    try second.wait("the uncommitted change") { !$0.values.isEmpty }
    #expect(second.intake.deadLetters.isEmpty)
  }

  @Test func a_message_to_be_skipped_is_kept_whole_and_acknowledged_and_the_next_is_read() throws {
    let broker = try Broker()
    let hash = MessageHash(source: "plant")
    let long = #"{"value": 1, "ts": 1760000000000, "note": ""# + String(repeating: "x", count: 3_000) + #""}"#
    let note = Listener.HandRecord()
    let first = try Listener(port: broker.port, skipping: [hash("json/P-101/Flow", Array(long.utf8))], note: note)
    try first.wait("caught up") { $0.events.last == .caughtUp }
    try broker.publish("json/P-101/Flow", long)
    try broker.publish("plant/P-101/Flow", "2")
    try first.wait("the change") { $0.values == [.number(2)] }
    let letter = try #require(first.intake.deadLetters.first)
    #expect(letter.reason == DeadReason.endedTwice.rawValue && letter.payload == Array(long.utf8))
    let skipped = first.intake.inputs.compactMap { if case .skipped(let message) = $0 { message } else { nil } }
    #expect(skipped.map(\.hash) == [letter.skipped?.hash] && skipped.map(\.topic) == ["json/P-101/Flow"])
    let next = hash("plant/P-101/Flow", Array("2".utf8))
    #expect(note.all == [.message(next), nil], "the one that is skipped was not even decoded")
    let change = first.intake.inputs.indices.suffix(1)
    #expect(first.intake.origins == [Intake.Origin(hash: next, inputs: change)])
    first.commit()
    try broker.publish("plant/P-101/Flow", "3")
    try first.wait("the next change") { $0.values.last == .number(3) }
    first.source.stop()
    let second = try Listener(port: broker.port)
    defer { second.source.stop() }
    try second.wait("the uncommitted change") { !$0.values.isEmpty }
    #expect(second.values == [.number(3)] && second.intake.deadLetters.isEmpty)
  }

  @Test func a_session_taken_by_another_client_ends_the_source() throws {
    // CONNACK, then DISCONNECT with reason 0x8E. Mosquitto 2.0.11 only closes the socket; other brokers say it.
    let broker = try CannedBroker(answer: [0x20, 0x03, 0x00, 0x00, 0x00, 0xE0, 0x01, 0x8E])
    let engine = try Listener(port: broker.port)
    defer { engine.source.stop() }
    try engine.wait("lost") { $0.events == [.newSession, .connected, .lost] }
    #expect(engine.log.all.contains { $0.contains("second engine") }, "\(engine.log.all)")
  }

  @Test func stopping_does_not_wait_for_a_broker_that_is_not_there() throws {
    // 192.0.2.0/24 is set apart for documentation: nothing ever answers.
    let engine = try Listener(port: 1883, host: "192.0.2.1")
    let end = ContinuousClock.now + .seconds(4)
    engine.source.stop()
    #expect(ContinuousClock.now < end)
    let refused = try Listener(port: try Broker(starts: false).port)
    try refused.wait("lost") { $0.events == [.lost] }
    refused.source.stop()
  }

  @Test func a_broker_that_grants_less_is_no_link() throws {
    let broker = try Broker(configuration: "max_qos 0")
    let engine = try Listener(port: broker.port)
    defer { engine.source.stop() }
    try engine.wait("lost") { $0.events.contains(.lost) }
    #expect(engine.log.all.contains { $0.contains("grants QoS 0") })
    #expect(!engine.events.contains(.caughtUp))
  }

  @Test func a_TLS_file_that_is_not_there_is_said_at_the_start() throws {
    let settings = MQTTSettings(
      host: "127.0.0.1", port: 8883, clientID: "x", tls: .init(ca: "/nowhere/ca.pem", certificate: nil, key: nil),
      mappings: [])
    let source = try MQTTSource(
      id: SourceID(0), name: "plant", settings: settings, bindings: [], clock: { .distantPast }, log: { _ in })
    #expect(throws: (any Error).self) { try source.start(delivered: [], wake: {}) }
  }
}
