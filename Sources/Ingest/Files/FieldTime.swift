import Rules

/// Reads the times of a file: ISO 8601 with or without an offset, or a number since 1970, whose unit its size tells
/// where nobody says it: from 1990 to 2200 no two units overlap.
struct FieldTime {
  enum Reading: Equatable {
    case utc(Int64)
    /// As a clock shows it, written as if it were UTC.
    case local(Int64)
    case none
    /// Read, but no time of plant data: clock not set, or another unit.
    case notCredible
  }

  let times: FileForm.Times?

  static let credible =
    MessageDecoder.credible.lowerBound.microseconds...MessageDecoder.credible.upperBound.microseconds

  func read(_ raw: UnsafeBufferPointer<UInt8>) -> Reading {
    let field = FieldNumber.trimmed(raw)
    let reading = field.count >= 8 && field[4] == UInt8(ascii: "-") ? iso(field) : epoch(field)
    switch reading {
    case .utc(let time) where !Self.credible.contains(time), .local(let time) where !Self.credible.contains(time):
      return .notCredible
    default: return reading
    }
  }

  private func epoch(_ field: UnsafeBufferPointer<UInt8>) -> Reading {
    guard times != .iso, !field.isEmpty else { return .none }
    var reader = JSONReader(field)
    guard let number = try? reader.number(), reader.position == field.count else { return .none }
    guard let seconds = number.whole(shift: 0) else { return .notCredible }
    let shift: Int
    switch times {
    case .seconds: shift = 6
    case .milliseconds: shift = 3
    case .microseconds: shift = 0
    case .nanoseconds: shift = -3
    case .iso, nil:
      switch seconds {
      case 631_152_000..<7_258_118_400: shift = 6
      case 631_152_000_000..<7_258_118_400_000: shift = 3
      case 631_152_000_000_000..<7_258_118_400_000_000: shift = 0
      case 631_152_000_000_000_000..<7_258_118_400_000_000_000: shift = -3
      default: return .notCredible
      }
    }
    return number.whole(shift: shift).map(Reading.utc) ?? .notCredible
  }

  /// `2026-03-01`, `2026-03-01T10:00`, `2026-03-01 10:00:00.123+01:00`: the fast way first, without a copy.
  private func iso(_ field: UnsafeBufferPointer<UInt8>) -> Reading {
    guard times == nil || times == .iso else { return .none }
    if let fast = plain(field) { return fast }
    let text = String(decoding: field, as: UTF8.self)
    let full = field.count == 10 ? text + "T00:00" : text
    if let time = Instant(rfc3339: full) { return .utc(time.microseconds) }
    return Instant(rfc3339: full, defaultOffset: .zero).map { .local($0.microseconds) } ?? .none
  }

  /// Date, time of day to the second, and perhaps `Z` or an offset with a colon.
  private func plain(_ field: UnsafeBufferPointer<UInt8>) -> Reading? {
    let count = field.count
    guard count == 19 || count == 20 || count == 25 else { return nil }
    func number(_ at: Int, _ digits: Int) -> Int64? {
      var value: Int64 = 0
      for place in at..<(at + digits) {
        let digit = field[place] &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        value = value * 10 + Int64(digit)
      }
      return value
    }
    guard field[7] == UInt8(ascii: "-"), field[10] == UInt8(ascii: "T") || field[10] == UInt8(ascii: " "),
      field[13] == UInt8(ascii: ":"), field[16] == UInt8(ascii: ":"),
      let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
      let minute = number(14, 2), let second = number(17, 2), hour < 24, minute < 60, second < 60,
      let midnight = Instant(year: year, month: month, day: day)
    else { return nil }
    let time = midnight.microseconds + ((hour * 60 + minute) * 60 + second) * 1_000_000
    switch count {
    case 19: return .local(time)
    case 20: return field[19] == UInt8(ascii: "Z") ? .utc(time) : nil
    default:
      guard field[19] == UInt8(ascii: "+") || field[19] == UInt8(ascii: "-"), field[22] == UInt8(ascii: ":"),
        let hours = number(20, 2), let minutes = number(23, 2), hours < 24, minutes < 60
      else { return nil }
      let offset = (hours * 60 + minutes) * 60_000_000
      return .utc(field[19] == UInt8(ascii: "-") ? time + offset : time - offset)
    }
  }
}

/// Places local times on the time line. Where the clock goes back, an hour is shown twice: a stamp that would lie
/// before the newest of its series is of the second time.
struct LocalTimes {
  private let zone: Zone
  /// Newest time by series: an asset of a wide file, a tag of a long one.
  private var newest: [Int32: Int64] = [:]
  /// A stretch of local time in which nothing happens to the clock, and its offset.
  private var quiet: ClosedRange<Int64>?
  private var offset: Int64 = 0

  init(_ zone: Zone) { self.zone = zone }

  mutating func time(_ local: Int64, series: Int32, _ report: inout FileReport) -> Int64 {
    report.withoutOffset += 1
    if zone.changes.isEmpty { return local.saturatingMinus(zone.offset.microseconds) }
    let time = resolve(local, series, &report)
    if time > newest[series] ?? .min { newest[series] = time }
    return time
  }

  private mutating func resolve(_ local: Int64, _ series: Int32, _ report: inout FileReport) -> Int64 {
    if let quiet, quiet.contains(local) { return local - offset }
    switch zone.shown(Instant(microseconds: local)) {
    case .once(let time):
      // Clocks change by a few hours at most, and not on two days running.
      let change = zone.changes.last { $0.at <= time }
      let next = zone.changes.first { $0.at > time }
      let shift = (change?.offset ?? zone.offset).microseconds
      let day = TimeSpan.hours(24).microseconds
      let from = (change?.at.microseconds).map { $0 + shift + day } ?? .min / 2
      let to = (next?.at.microseconds).map { $0 + shift - day } ?? .max / 2
      if from < to {
        quiet = from...to
        offset = shift
      }
      return time.microseconds
    case .twice(let first, let second):
      guard let newest = newest[series], first.microseconds < newest else { return first.microseconds }
      report.secondTime += 1
      return second.microseconds
    case .never(let time):
      report.neverShown += 1
      return time.microseconds
    }
  }
}
