/// Looks over the bytes of a broker before libmosquitto reads them. libmosquitto trusts a broker: version 2.0.11 ends
/// the process by an assertion on a property it does not know. So it is given whole packets of the MQTT 5 grammar only,
/// and only the types that answer what we send: we subscribe at QoS 1 and publish nothing.
///
/// It takes the bytes as they come, in pieces of any size, keeps none of them, and stops at the first packet that is
/// malformed.
package struct PacketWalk {
  /// Why the packet after the last whole one is not handed on; nothing is taken after it.
  package private(set) var failure: MQTTFailure?

  /// What the next byte is.
  private enum Step {
    case type, length
    case acknowledgeFlags, reason, packetID, topicLength, propertyLength
    case property, byte, number, variable, textLength
    /// Bytes of a text, of which `number` are to come.
    case topic, text
    /// The rest of the packet: bytes of any kind, and of any number from `fewest`.
    case payload
    /// The packet has to have ended.
    case end
  }

  private let largest: Int
  private var step = Step.type
  private var packet = Packet.reserved
  private var qos: UInt8 = 0
  /// Bytes of the packet that are still to come.
  private var left = 0
  /// Bytes of its properties that are still to come; nil outside of them.
  private var propertiesLeft: Int?
  /// The property at hand, and the set of those that were there.
  private var property: UInt8 = 0
  private var known: UInt64 = 0
  /// What is gathered of a number, and how many bytes of it are to come or, of a variable length, have come.
  private var number = 0
  private var digits = 0
  /// Texts that are still to come of the property at hand.
  private var texts = 0
  private var fewest = 0
  private var isAccepted = false

  /// `largest`: the largest packet that the broker was told it may send.
  package init(largest: Int) { self.largest = largest }

  /// Looks over the next bytes. `whole` is how many packets end in them, `good` how many of them may be handed on: all,
  /// or those before the malformed packet.
  package mutating func take(_ bytes: UnsafeRawBufferPointer) -> (good: Int, whole: Int) {
    var (place, good, whole) = (0, 0, 0)
    guard failure == nil else { return (0, 0) }
    do throws(MQTTFailure) {
      while place < bytes.count {
        switch step {
        case .type:
          try begin(bytes[place])
          place += 1
          continue
        case .length:
          try takeLength(bytes[place])
          place += 1
        case .topic, .text:
          let count = min(number, bytes.count - place)
          place += count
          number -= count
          try consume(count)
          if number == 0 { try textEnded() }
        case .payload:
          let count = min(left, bytes.count - place)
          place += count
          left -= count
        default:
          try consume(1)
          try takeByte(bytes[place])
          place += 1
        }
        guard step != .length, try isWhole() else { continue }
        step = .type
        (good, whole) = (place, whole + 1)
      }
      return (place, whole)
    } catch {
      failure = error
      return (good, whole)
    }
  }

  // MARK: The fixed header

  private mutating func begin(_ byte: UInt8) throws(MQTTFailure) {
    packet = Packet(rawValue: byte >> 4) ?? .reserved
    (number, digits, known, propertiesLeft) = (0, 0, 0, nil)
    switch packet {
    case .publish:
      qos = byte >> 1 & 3
      guard qos < 3 else { throw malformed("QoS 3") }
      guard qos < 2 else { throw malformed("QoS 2, which was not asked for") }
    case .connack, .suback, .pingresp, .disconnect:
      guard byte & 15 == 0 else { throw malformed("the flags \(byte & 15) in its first byte") }
    default: throw malformed("a type that answers nothing that was sent")
    }
    guard isAccepted != (packet == .connack) else {
      throw malformed(isAccepted ? "a second one" : "it comes before CONNACK")
    }
    step = .length
  }

  private mutating func takeLength(_ byte: UInt8) throws(MQTTFailure) {
    guard try takeDigit(byte) else { return }
    left = number
    guard left <= largest else {
      throw .refused(
        "the broker sends a message larger than the \(largest) bytes it was allowed; limit its message size, or raise `largest_message` of the source"
      )
    }
    switch packet {
    case .connack:
      isAccepted = true
      step = .acknowledgeFlags
    case .publish: expect(.topicLength, bytes: 2)
    case .suback: expect(.packetID, bytes: 2)
    case .disconnect: step = left == 0 ? .end : .reason
    default: step = .end
    }
  }

  /// A number of seven bits a byte, the lowest first; whether it is complete.
  private mutating func takeDigit(_ byte: UInt8) throws(MQTTFailure) -> Bool {
    number |= Int(byte & 0x7F) << (7 * digits)
    digits += 1
    if byte < 0x80 { return true }
    guard digits < 4 else { throw malformed("a length of more than four bytes") }
    return false
  }

  // MARK: What follows it

  private mutating func expect(_ step: Step, bytes: Int) {
    (self.step, number, digits) = (step, 0, bytes)
  }

  private mutating func consume(_ count: Int) throws(MQTTFailure) {
    guard count <= left else { throw malformed("it ends too early") }
    left -= count
    if let rest = propertiesLeft {
      guard count <= rest else { throw malformed("its properties end inside of property \(property)") }
      propertiesLeft = rest - count
    }
  }

  private mutating func takeByte(_ byte: UInt8) throws(MQTTFailure) {
    switch step {
    case .acknowledgeFlags:
      guard byte < 2 else { throw malformed("the acknowledge flags \(byte)") }
      step = .reason
    case .reason:
      if left > 0 {
        expect(.propertyLength, bytes: 0)
      } else if packet == .disconnect || (1...5).contains(byte) {
        // A broker of MQTT 3 says in its own grammar that it does not speak MQTT 5.
        step = .end
      } else {
        throw malformed("it has no properties: the broker does not speak MQTT 5")
      }
    case .propertyLength:
      guard try takeDigit(byte) else { return }
      guard number <= left else { throw malformed("properties of \(number) bytes where \(left) are left") }
      propertiesLeft = number
      propertyEnded()
    case .property:
      try beginProperty(byte)
    case .byte:
      // Each property of one byte is a yes or no, or a largest QoS.
      guard byte < 2 else { throw malformed("property \(property) is \(byte)") }
      propertyEnded()
    case .variable:
      guard try takeDigit(byte) else { return }
      guard number > 0 else { throw malformed("property \(property) is 0") }
      propertyEnded()
    default:
      number = number << 8 | Int(byte)
      digits -= 1
      if digits == 0 { try numberEnded() }
    }
  }

  private mutating func numberEnded() throws(MQTTFailure) {
    switch step {
    case .topicLength:
      guard number > 0 else { throw malformed("it has no topic") }
      guard number < left else { throw malformed("a topic of \(number) bytes where \(left) are left") }
      step = .topic
    case .packetID:
      guard number > 0 else { throw malformed("the packet id 0") }
      expect(.propertyLength, bytes: 0)
    case .textLength:
      guard number <= propertiesLeft ?? 0 else {
        throw malformed("property \(property) has \(number) bytes where \(propertiesLeft ?? 0) are left")
      }
      step = .text
      if number == 0 { try textEnded() }
    default:
      if property == Property.receiveMaximum || property == Property.maximumPacketSize {
        guard number > 0 else { throw malformed("property \(property) is 0") }
      }
      propertyEnded()
    }
  }

  private mutating func textEnded() throws(MQTTFailure) {
    if step == .topic {
      if qos > 0 { expect(.packetID, bytes: 2) } else { expect(.propertyLength, bytes: 0) }
      return
    }
    texts -= 1
    if texts > 0 { expect(.textLength, bytes: 2) } else { propertyEnded() }
  }

  private mutating func beginProperty(_ identifier: UInt8) throws(MQTTFailure) {
    property = identifier
    // An identifier of several bytes begins with one above 127, and none of them is known.
    let bit: UInt64 = identifier < 64 ? 1 << identifier : 0
    guard packet.properties & bit != 0 else { throw malformed("property \(identifier), which it cannot have") }
    guard known & bit & ~Property.repeatable == 0 else { throw malformed("property \(identifier) twice") }
    known |= bit
    texts = 1
    switch identifier {
    case 1, 36, 37, 40, 41, 42: step = .byte
    case 19, 33, 34: expect(.number, bytes: 2)
    case 2, 17, 39: expect(.number, bytes: 4)
    case 11: expect(.variable, bytes: 0)
    case Property.userProperty:
      texts = 2
      expect(.textLength, bytes: 2)
    default: expect(.textLength, bytes: 2)
    }
  }

  private mutating func propertyEnded() {
    guard propertiesLeft == 0 else {
      step = .property
      return
    }
    propertiesLeft = nil
    switch packet {
    case .publish: (step, fewest) = (.payload, 0)
    // At least one answer to a subscription: without any, the library reads beyond the packet (CVE-2024-10525).
    case .suback: (step, fewest) = (.payload, 1)
    default: step = .end
    }
  }

  /// Whether the packet at hand ended with the byte before.
  private mutating func isWhole() throws(MQTTFailure) -> Bool {
    switch step {
    case .end:
      guard left == 0 else { throw malformed("\(left) bytes more than it needs") }
      return true
    case .payload:
      guard left >= fewest else { throw malformed("it answers nothing") }
      fewest = 0
      return left == 0
    default:
      guard left > 0 else { throw malformed("it ends too early") }
      return false
    }
  }

  private func malformed(_ cause: String) -> MQTTFailure { .malformed(packet.name, cause) }
}

private enum Property {
  static let userProperty: UInt8 = 38
  static let receiveMaximum: UInt8 = 33
  static let maximumPacketSize: UInt8 = 39
  /// User properties, and the subscriptions that a message matches.
  static let repeatable = set(38, 11)

  static func set(_ identifiers: Int...) -> UInt64 { identifiers.reduce(0) { $0 | 1 << UInt64($1) } }
}

/// Types of MQTT packets.
private enum Packet: UInt8 {
  case reserved, connect, connack, publish, puback, pubrec, pubrel, pubcomp, subscribe, suback, unsubscribe, unsuback
  case pingreq, pingresp, disconnect, auth

  var name: String { "\(self)".uppercased() }

  /// The properties that such a packet of a broker can have. No topic alias: we offer none.
  var properties: UInt64 {
    switch self {
    case .connack: Self.ofConnack
    case .publish: Self.ofPublish
    case .suback: Self.ofSuback
    case .disconnect: Self.ofDisconnect
    default: 0
    }
  }

  private static let ofConnack = Property.set(17, 18, 19, 21, 22, 26, 28, 31, 33, 34, 36, 37, 38, 39, 40, 41, 42)
  private static let ofPublish = Property.set(1, 2, 3, 8, 9, 11, 38)
  private static let ofSuback = Property.set(31, 38)
  private static let ofDisconnect = Property.set(28, 31, 38)
}
