/// Why a firing became no decision. Those that end at a known moment say it, by data time.
package enum HeldBackReason: Hashable, Sendable {
  /// The rule's `at_most`.
  case atMost(until: Instant)
  /// A person silenced the rule for a time.
  case shelved(until: Instant, by: String)
  /// A person took the asset, or one above it, out of service.
  case outOfService(asset: String, by: String)
  /// The rule's `suppressed_when` is true.
  case suppressed
  /// The rule's `needs` is not true, or cannot be told.
  case needs
  /// The plant still follows a setpoint change of the rule (`settles_for`).
  case settling(until: Instant)
  /// Another rule of its `group` was first out.
  case group(first: String)
  /// None of the calendars in which the rule may act is open.
  case calendar
  /// A person found no fault behind its last decision, a short time ago.
  case quiet(until: Instant)

  /// Nil where only the plant or a person ends it.
  package var until: Instant? {
    switch self {
    case .atMost(let until), .shelved(let until, _), .settling(let until), .quiet(let until): until
    case .outOfService, .suppressed, .needs, .group, .calendar: nil
    }
  }

  /// For people: `at_most, until 2026-03-01T10:00:00Z`.
  package var words: String {
    switch self {
    case .atMost(let until): "at_most, until \(until)"
    case .shelved(let until, let person): "shelved by \(person) until \(until)"
    case .outOfService(let asset, let person): "\(asset) was taken out of service by \(person)"
    case .suppressed: "suppressed_when is true"
    case .needs: "needs is not true"
    case .settling(let until): "its last setpoint change settles until \(until)"
    case .group(let first): "'\(first)' of the same group was first out"
    case .calendar: "outside its calendars"
    case .quiet(let until): "no fault was found last time; quiet until \(until)"
    }
  }

  func encode(into writer: inout ByteWriter) {
    switch self {
    case .atMost(let until):
      writer.byte(1)
      until.encode(into: &writer)
    case .shelved(let until, let person):
      writer.byte(2)
      until.encode(into: &writer)
      writer.text(person)
    case .outOfService(let asset, let person):
      writer.byte(3)
      writer.text(asset)
      writer.text(person)
    case .suppressed: writer.byte(4)
    case .needs: writer.byte(5)
    case .settling(let until):
      writer.byte(6)
      until.encode(into: &writer)
    case .group(let first):
      writer.byte(7)
      writer.text(first)
    case .calendar: writer.byte(8)
    case .quiet(let until):
      writer.byte(9)
      until.encode(into: &writer)
    }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    switch try reader.byte() {
    case 1: self = .atMost(until: try Instant(from: &reader))
    case 2:
      let until = try Instant(from: &reader)
      self = .shelved(until: until, by: try reader.text())
    case 3:
      let asset = try reader.text()
      self = .outOfService(asset: asset, by: try reader.text())
    case 4: self = .suppressed
    case 5: self = .needs
    case 6: self = .settling(until: try Instant(from: &reader))
    case 7: self = .group(first: try reader.text())
    case 8: self = .calendar
    case 9: self = .quiet(until: try Instant(from: &reader))
    default: throw Unreadable(at: reader.offset)
    }
  }
}
