import Campaigns
import Foundation
import Ingest
import Rules
import Testing

/// Brokers that say what they should not, and what is made of it.
@Suite struct HostileBrokerTests {
  private static let accepted: [UInt8] = [0x20, 0x03, 0x00, 0x00, 0x00]

  /// What the log says of a broker that answers so.
  private func log(_ answer: [UInt8], keepsOpen: Bool = false, largest: Int = 1 << 20, until word: String) throws {
    let broker = try CannedBroker(answer: answer, keepsOpen: keepsOpen)
    let engine = try Listener(port: broker.port, largestMessage: largest)
    defer { withExtendedLifetime(broker) { engine.source.stop() } }
    try engine.wait("lost") { $0.events.last == .lost }
    let condition = engine.source.condition
    #expect(condition.lastFailure?.contains(word) == true, "\(condition)")
    #expect(engine.log.all.contains { $0.contains(word) && $0.contains("next try in") }, "\(engine.log.all)")
  }

  @Test func a_wrong_password_reads_as_such() throws {
    try log([0x20, 0x03, 0x00, 0x86, 0x00], until: "user name and password")
    try log([0x20, 0x03, 0x00, 0x87, 0x00], until: "not authorised")
  }

  @Test func a_broker_that_shuts_down_is_tried_again() throws {
    try log(Self.accepted + [0xE0, 0x02, 0x8B, 0x00], until: "shutting down")
  }

  @Test func a_malformed_packet_ends_the_link_and_it_is_tried_again() throws {
    try log(Self.accepted + [0xFF, 0x03, 1, 2, 3], until: "malformed AUTH")
  }

  @Test func a_broker_that_talks_something_else_is_tried_again() throws {
    try log(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), until: "malformed PUBACK")
  }

  @Test func a_message_larger_than_announced_is_not_taken_into_memory() throws {
    // PUBLISH of 200 MiB, of which 8 MiB come; 4 KiB were announced.
    let head: [UInt8] = [0x32, 0x80, 0x80, 0x80, 0x64, 0x00, 0x01, 0x61, 0x00, 0x01, 0x00]
    try log(
      Self.accepted + head + [UInt8](repeating: 0x20, count: 8 << 20), keepsOpen: true, largest: 4_096,
      until: "larger than the 4096 bytes")
  }

  // libmosquitto 2.0.11 ends the process by an assertion on each of these.
  @Test func a_property_that_the_library_does_not_know_never_reaches_it() throws {
    try log([0x20, 0x05, 0x00, 0x00, 0x02, 0x7F, 0x00], until: "malformed CONNACK: property 127")
    try log(Self.accepted + [0x30, 0x06, 0, 1, 0x61, 0x02, 0x7F, 0x00], until: "malformed PUBLISH: property 127")
    try log(Self.accepted + [0x90, 0x06, 0, 1, 0x02, 0x7F, 0x00, 1], until: "malformed SUBACK: property 127")
    try log(Self.accepted + [0xE0, 0x04, 0x8B, 0x02, 0x7F, 0x00], until: "malformed DISCONNECT: property 127")
  }

  @Test func what_came_well_formed_before_a_malformed_packet_is_read() throws {
    let message = Conversation.publish("plant/P-101/Flow", "7", qos: 1)
    let broker = try CannedBroker(answer: Self.accepted + message + [0x20, 0x03, 0, 0, 0])
    let engine = try Listener(port: broker.port)
    defer { withExtendedLifetime(broker) { engine.source.stop() } }
    try engine.wait("lost") { $0.events.last == .lost }
    #expect(engine.values == [.number(7)])
    #expect(engine.log.all.contains { $0.contains("malformed CONNACK: a second one") }, "\(engine.log.all)")
  }

  @Test func a_broker_of_MQTT_3_is_told_from_one_that_is_broken() throws {
    try log([0x20, 0x02, 0x00, 0x01], until: "refused the connection")
  }

  // Each with a random change in one of its packets; the engine's process is this one.
  @Test func no_mutated_conversation_of_a_broker_ends_the_process_and_a_good_one_at_the_same_port_is_used_again() throws
  {
    var dice = Dice(Campaign.seed)
    let conversations = (0..<Campaign.size(200, large: 5_000)).map { _ in Conversation.mutated(&dice) }
    let broker = try CannedBroker(answers: conversations + [[]])
    let engine = try Listener(port: broker.port, backOff: .none)
    defer { engine.source.stop() }
    for count in 1...conversations.count {
      // Each connection waits until the journal knows that it asks for its session, so the engine goes on meanwhile.
      do { try engine.wait("conversation \(count)") { _ in broker.count >= count } } catch {
        throw Failure("\(error): \(engine.source.condition), \(conversations[count - 1])")
      }
    }
    try broker.stop()
    let reasons = engine.log.all.filter { $0.contains("next try in") }
    #expect(reasons.count >= conversations.count)
    let malformed = reasons.count { $0.contains("the broker sent a malformed") }
    #expect(malformed > conversations.count / 3, "the mutations are too tame: \(malformed)")
    let good = try Broker(port: broker.port)
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    try good.publish("plant/P-101/Flow", "12345")
    try engine.wait("the message") { $0.values.last == .number(12_345) }
  }

  @Test func a_broker_that_falls_silent_is_left() throws {
    // Takes us, and then nothing: no answer to subscription or ping. Keep-alive is 5 s, the least there is.
    try log(Self.accepted, keepsOpen: true, until: "nothing came from the broker")
  }
}
