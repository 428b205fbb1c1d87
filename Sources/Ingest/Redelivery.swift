import Rules

/// Which messages of the broker's session we have had, so that one it delivers again is known.
///
/// A broker delivers again, after a reconnect and before anything new, what it has no acknowledgement of, in the
/// first order and under the first packet ids. An id is given anew only after its message was acknowledged, so of
/// several messages with one id only the newest can come again.
struct Redelivery {
  /// MQTT's receive maximum: no more can be unacknowledged.
  static let most = 65_535

  /// What is on disk, oldest first.
  private var committed: [MessageMark]
  /// What was read and is not yet on disk; acknowledging it would lose it.
  private(set) var inHand: [MessageMark] = []
  /// Known messages of the connection at hand, while it may still deliver them again.
  private var again: Again?
  /// How many were known again, since last asked.
  private var matched = 0

  private struct Again {
    var hashes: [UInt64]
    /// Place of the newest message of each packet id; -1 for none.
    var places: [Int32]
    /// Places below were passed.
    var next = 0
  }

  /// `delivered` is what the journal has, oldest first.
  init(delivered: [MessageMark]) {
    committed = delivered.filter { !$0.isNote }.suffix(Self.most)
  }

  /// Whether the next message of the connection may still be one we have had.
  var isExpecting: Bool { again != nil }

  /// A connection begins: with its session kept, what we have had may come again; with a new one it never will.
  mutating func begin(sessionKept: Bool) {
    again = nil
    guard sessionKept else { return committed.removeAll() }
    let known = committed + inHand
    guard !known.isEmpty else { return }
    var places = [Int32](repeating: -1, count: 1 << 16)
    for (place, mark) in known.enumerated() { places[Int(mark.packet)] = Int32(place) }
    again = Again(hashes: known.map(\.hash), places: places)
  }

  mutating func takeMatched() -> Int {
    defer { matched = 0 }
    return matched
  }

  /// The connection is over.
  mutating func end() { again = nil }

  /// Whether we have had this message: then it is acknowledged with the rest and not evaluated. If not, it is in
  /// hand from now on, and nothing after it is looked for. `duplicate` is the broker's word on whether it delivered
  /// it before; nil when that could not be learnt.
  mutating func hasHad(_ mark: MessageMark, duplicate: Bool?) -> Bool {
    if let again, duplicate != false {
      let place = Int(again.places[Int(mark.packet)])
      if place >= again.next, again.hashes[place] == mark.hash {
        self.again?.next = place + 1
        matched += 1
        return true
      }
    }
    again = nil
    inHand.append(mark)
    return false
  }

  /// What was in hand is on disk.
  mutating func keep() {
    committed += inHand
    inHand.removeAll(keepingCapacity: true)
    if committed.count > Self.most + 8_192 { committed.removeFirst(committed.count - Self.most) }
  }

  /// What was in hand was forgotten by all.
  mutating func forget() { inHand.removeAll(keepingCapacity: true) }
}

extension MessageMark {
  /// A note on the session and no message: packet ids of messages are never 0.
  var isNote: Bool { packet == 0 }

  /// The broker is about to be asked for our session. As long as this is the newest note, nobody knows what it
  /// answered: it may have made a new session, and the word of it was lost.
  static func asked(_ source: SourceID) -> MessageMark { MessageMark(source: source, packet: 0, hash: 1) }
  /// It answered, and what it said is in the journal.
  static func answered(_ source: SourceID) -> MessageMark { MessageMark(source: source, packet: 0, hash: 0) }
}

/// A hash of messages that is the same in every process: FNV-1a by words of eight bytes, each mixed in full.
package struct MessageHash {
  private let seed: UInt64

  package init(source: String) {
    seed = Array(source.utf8).withUnsafeBufferPointer { Self.add($0, to: 0xCBF2_9CE4_8422_2325) }
  }

  func callAsFunction(_ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>) -> UInt64 {
    Self.add(payload, to: Self.add(topic, to: seed))
  }

  /// The same for a topic and a payload at hand.
  package func callAsFunction(_ topic: String, _ payload: [UInt8]) -> UInt64 {
    Array(topic.utf8).withUnsafeBufferPointer { topic in payload.withUnsafeBufferPointer { self(topic, $0) } }
  }

  /// The length goes in as well: what ends the topic must not begin the payload.
  private static func add(_ bytes: UnsafeBufferPointer<UInt8>, to hash: UInt64) -> UInt64 {
    var hash = mix(hash ^ UInt64(bytes.count))
    let raw = UnsafeRawBufferPointer(bytes)
    var place = 0
    while raw.count - place >= 8 {
      hash = mix(hash ^ UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
      place += 8
    }
    var rest: UInt64 = 0
    while place < raw.count {
      rest = rest << 8 | UInt64(raw[place])
      place += 1
    }
    return mix(hash ^ rest)
  }

  @inline(__always) private static func mix(_ hash: UInt64) -> UInt64 {
    let product = hash &* 0x9E37_79B9_7F4A_7C15
    return (product ^ product >> 32) &* 0x0000_0100_0000_01B3
  }
}
