import Campaigns
import Ingest
import Testing

/// What a broker sends is looked over, packet by packet, before the library reads it.
@Suite struct PacketWalkTests {
  private struct Verdict: Equatable {
    var good = 0
    var whole = 0
    var failure: String?
  }

  /// Looks bytes over in pieces of these sizes, again and again.
  private func walk(_ bytes: [UInt8], pieces: [Int] = [1 << 20], largest: Int = 1 << 20) -> Verdict {
    var walk = PacketWalk(largest: largest)
    var verdict = Verdict()
    var (place, turn) = (0, 0)
    while place < bytes.count {
      let end = min(bytes.count, place + pieces[turn % pieces.count])
      let taken = bytes[place..<end].withUnsafeBytes { walk.take($0) }
      verdict.good += taken.good
      verdict.whole += taken.whole
      (place, turn) = (end, turn + 1)
    }
    verdict.failure = walk.failure.map { "\($0)" }
    return verdict
  }

  @Test func every_packet_that_a_broker_may_send_passes_in_pieces_of_any_size() {
    let packets =
      [Conversation.connack(properties: Conversation.ofConnack + [18] + Conversation.text("given"))]
      + Conversation.whole.dropFirst() + [
        Conversation.publish("t", ""), Conversation.publish("t", String(repeating: "x", count: 70_000), qos: 1),
        Conversation.suback(7, [0, 1, 0x80]), [0xE0, 0], [0xE0, 1, 0x8B],
      ]
    let bytes = packets.flatMap { $0 }
    for pieces in [[1 << 20], [1], [2], [3, 1, 7], [32 << 10]] {
      #expect(walk(bytes, pieces: pieces) == Verdict(good: bytes.count, whole: packets.count))
    }
    #expect(walk([0x20, 2, 0, 1]) == Verdict(good: 4, whole: 1), "a broker of MQTT 3 that refuses us")
  }

  private static let accepted = Conversation.connack()
  private static let wrong: [(String, [UInt8])] = [
    ("CONNACK: property 127", Conversation.connack(properties: [0x7F, 0])),
    ("CONNACK: property 35", Conversation.connack(properties: [35, 0, 1])),
    ("CONNACK: property 17 twice", Conversation.connack(properties: [17, 0, 0, 0, 1, 17, 0, 0, 0, 1])),
    ("CONNACK: property 36 is 2", Conversation.connack(properties: [36, 2])),
    ("CONNACK: property 33 is 0", Conversation.connack(properties: [33, 0, 0])),
    (
      "PUBLISH: its properties end inside of property 2",
      accepted + Conversation.publish("t", "12345", properties: [2, 0, 0])
    ),
    ("CONNACK: property 31 has 9 bytes where 1 are left", Conversation.connack(properties: [31, 0, 9, 65])),
    ("CONNACK: the acknowledge flags 2", [0x20, 3, 2, 0, 0]),
    ("CONNACK: the flags 1", [0x21, 3, 0, 0, 0]),
    ("CONNACK: it ends too early", [0x20, 1, 0]),
    ("CONNACK: it ends too early", [0x20, 0]),
    ("CONNACK: it has no properties", [0x20, 2, 0, 0]),
    ("CONNACK: 1 bytes more", [0x20, 4, 0, 0, 0, 0]),
    ("CONNACK: properties of 5 bytes where 0 are left", [0x20, 3, 0, 0, 5]),
    ("CONNACK: a length of more than four bytes", [0x20, 0x80, 0x80, 0x80, 0x80, 1]),
    ("CONNACK: a length of more than four bytes", [0x20, 9, 0, 0, 0x80, 0x80, 0x80, 0x80, 1]),
    ("CONNACK: a second one", accepted + accepted),
    ("PUBLISH: it comes before CONNACK", Conversation.publish("t", "1")),
    ("PUBLISH: QoS 2", accepted + Conversation.publish("t", "1", qos: 2)),
    ("PUBLISH: QoS 3", accepted + Conversation.publish("t", "1", qos: 3)),
    ("PUBLISH: the packet id 0", accepted + Conversation.publish("t", "1", qos: 1, id: 0)),
    ("PUBLISH: it has no topic", accepted + Conversation.publish("", "1")),
    ("PUBLISH: a topic of 200 bytes where 2 are left", accepted + [0x30, 4, 0, 200, 65, 0]),
    ("PUBLISH: property 35", accepted + Conversation.publish("t", "1", properties: [35, 0, 1])),
    ("PUBLISH: property 17", accepted + Conversation.publish("t", "1", properties: [17, 0, 0, 0, 1])),
    ("PUBLISH: property 11 is 0", accepted + Conversation.publish("t", "1", properties: [11, 0])),
    ("PUBLISH: it ends too early", accepted + [0x32, 5, 0, 1, 65, 0, 1]),
    ("SUBACK: it answers nothing", accepted + Conversation.suback(1, [])),
    ("SUBACK: property 17", accepted + Conversation.suback(1, properties: [17, 0, 0, 0, 1])),
    ("DISCONNECT: property 17", accepted + Conversation.disconnect(0, properties: [17, 0, 0, 0, 1])),
    ("DISCONNECT: 1 bytes more", accepted + [0xE0, 3, 0, 0, 0]),
    ("PINGRESP: 1 bytes more", accepted + [0xD0, 1, 0]),
    ("PUBREL: a type that answers nothing", accepted + [0x62, 2, 0, 1]),
    ("RESERVED: a type that answers nothing", accepted + [0x00, 0]),
    ("CONNECT: a type that answers nothing", accepted + [0x10, 0]),
  ]

  @Test func a_malformed_packet_is_named_with_its_cause_in_pieces_of_any_size() {
    for (words, bytes) in Self.wrong {
      for pieces in [[1 << 20], [1]] {
        let verdict = walk(bytes, pieces: pieces)
        #expect(verdict.failure?.contains("malformed \(words)") == true, "\(words): \(verdict)")
        // The library never gets the last byte of it.
        #expect(verdict.good < bytes.count)
      }
    }
  }

  @Test func a_packet_larger_than_announced_is_refused_at_its_length() {
    let bytes = Self.accepted + [0x30, 0x81, 0x20]
    #expect(walk(bytes, largest: 4_096).failure?.contains("larger than the 4096 bytes") == true)
    #expect(walk(bytes, largest: 4_097).failure == nil)
  }

  @Test func only_whole_packets_before_the_malformed_one_are_handed_on() {
    let good = Self.accepted + Conversation.publish("t", "1")
    let verdict = walk(good + [0xD0, 1, 0] + Conversation.publish("t", "2"))
    #expect(verdict.good == good.count && verdict.whole == 2)
  }

  // Bytes of any kind never trap, and where they are cut into pieces makes no difference.
  @Test func random_bytes_and_mutated_conversations_are_judged_alike_in_pieces_of_any_size() {
    var dice = Dice(Campaign.seed)
    var passed = 0
    for _ in 0..<Campaign.size(20_000, large: 2_000_000) {
      var bytes = Conversation.mutated(&dice)
      if dice.below(4) == 0 { bytes = Self.accepted + (0..<dice.below(60)).map { _ in UInt8(dice.below(256)) } }
      let whole = walk(bytes)
      let pieces = walk(bytes, pieces: (0..<5).map { _ in 1 + dice.below(40) })
      #expect(whole.failure == pieces.failure && whole.whole == pieces.whole, "\(bytes)")
      if whole.failure == nil { passed += 1 }
    }
    #expect(passed > 0, "some mutations change a text only")
  }
}
