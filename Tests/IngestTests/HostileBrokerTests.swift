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
    try log(Self.accepted + [0xFF, 0x03, 1, 2, 3], until: "read: ")
  }

  @Test func a_broker_that_talks_something_else_is_tried_again() throws {
    try log(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), until: "read: ")
  }

  @Test func a_message_larger_than_announced_is_not_taken_into_memory() throws {
    // PUBLISH of 200 MiB, of which 8 MiB come; 4 KiB were announced.
    let head: [UInt8] = [0x32, 0x80, 0x80, 0x80, 0x64, 0x00, 0x01, 0x61, 0x00, 0x01, 0x00]
    try log(
      Self.accepted + head + [UInt8](repeating: 0x20, count: 8 << 20), keepsOpen: true, largest: 4_096,
      until: "larger than the 4096 bytes")
  }

  @Test func a_broker_that_falls_silent_is_left() throws {
    // Takes us, and then nothing: no answer to subscription or ping. Keep-alive is 5 s, the least there is.
    try log(Self.accepted, keepsOpen: true, until: "nothing came from the broker")
  }
}
