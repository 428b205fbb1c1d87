import Campaigns
import Foundation

/// Packets of a broker, written by hand.
enum Conversation {
  static func connack(properties: [UInt8] = [], reason: UInt8 = 0) -> [UInt8] {
    packet(0x20, [0, reason] + block(properties))
  }
  static func publish(
    _ topic: String, _ payload: String, qos: UInt8 = 0, id: UInt16 = 1, properties: [UInt8] = []
  ) -> [UInt8] {
    packet(
      0x30 | qos << 1, text(topic) + (qos > 0 ? number(id) : []) + block(properties) + Array(payload.utf8))
  }
  static func suback(_ id: UInt16, _ granted: [UInt8] = [1], properties: [UInt8] = []) -> [UInt8] {
    packet(0x90, number(id) + block(properties) + granted)
  }
  static func disconnect(_ reason: UInt8, properties: [UInt8] = []) -> [UInt8] {
    packet(0xE0, [reason] + block(properties))
  }
  static let pingresp: [UInt8] = [0xD0, 0]

  static func text(_ text: String) -> [UInt8] { number(UInt16(text.utf8.count)) + Array(text.utf8) }
  static func number(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
  static func length(_ length: Int) -> [UInt8] {
    length < 128 ? [UInt8(length)] : [UInt8(length & 0x7F) | 0x80] + Self.length(length >> 7)
  }
  private static func block(_ properties: [UInt8]) -> [UInt8] { length(properties.count) + properties }
  private static func packet(_ type: UInt8, _ body: [UInt8]) -> [UInt8] { [type] + length(body.count) + body }

  /// Properties of every kind that each packet can have; no client id in CONNACK: we bring our own.
  static let ofConnack: [UInt8] =
    [17, 0, 0, 14, 16, 33, 0, 20, 36, 1, 37, 1, 39, 0, 1, 0, 0, 34, 0, 10, 31] + text("well")
    + [38] + text("a") + text("b") + [38] + text("a") + text("c") + [40, 1, 41, 1, 42, 0, 19, 0, 60, 26] + text("re")
    + [28] + text("other:1883") + [21] + text("PLAIN") + [22] + text("xyz")
  static let ofPublish: [UInt8] =
    [1, 1, 2, 0, 0, 0, 60, 3] + text("text/plain") + [8] + text("answers") + [9] + text("id") + [11, 0x80, 0x01, 11, 5]
    + [38] + text("unit") + text("bar")
  static let ofSuback: [UInt8] = [31] + text("granted") + [38] + text("k") + text("v")
  static let ofDisconnect: [UInt8] = [31] + text("maintenance") + [28] + text("other") + [38] + text("k") + text("v")

  /// All a broker says in one conversation: to the connection, to two subscriptions, messages, goodbye.
  static let whole: [[UInt8]] = [
    connack(properties: ofConnack), suback(1, properties: ofSuback), suback(2),
    publish("plant/P-101/Flow", "1.5", qos: 1, id: 1, properties: ofPublish), pingresp,
    publish("plant/P-101/Flow", "2.5", qos: 0, properties: ofPublish),
    publish("json/P-101/Flow", #"{"value": 3.5}"#, qos: 1, id: 2), disconnect(0x8B, properties: ofDisconnect),
  ]

  /// A whole conversation with one to three changes in one packet. None says that the session was taken over (0x8E):
  /// after that a client does not come again.
  static func mutated(_ dice: inout Dice) -> [UInt8] {
    while true {
      var packets = whole
      let chosen = dice.below(packets.count)
      for _ in 0...dice.below(3) { mutate(&packets[chosen], &dice) }
      let bytes = packets.flatMap { $0 }
      if !bytes.contains(0x8E) { return bytes }
    }
  }

  private static func mutate(_ packet: inout [UInt8], _ dice: inout Dice) {
    guard packet.count > 1 else { return }
    let place = dice.below(packet.count)
    switch dice.below(6) {
    case 0: packet[place] ^= 1 << UInt8(dice.below(8))
    case 1: packet[place] = dice.one([0, 1, 2, 0x7F, 0x80, 0xFF, 23, 25, 35, 43])
    case 2: packet[place] = UInt8(dice.below(256))
    case 3: packet.insert(UInt8(dice.below(256)), at: place)
    case 4: packet.remove(at: place)
    default:
      // Its length stays true, so that what is wrong lies inside.
      guard packet.count > 3, packet.count < 126 else {
        packet.removeLast()
        return
      }
      packet.insert(contentsOf: [UInt8(dice.below(64)), UInt8(dice.below(4))], at: 2 + dice.below(packet.count - 2))
      packet[1] &+= 2
    }
  }
}
