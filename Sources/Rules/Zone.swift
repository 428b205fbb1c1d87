/// How the clocks of the site run: offsets from UTC, as a table. Whoever made it knows the rules of the place.
/// Where the clocks go back, a local time that is shown twice means the first; where they go forward, a local time
/// that is never shown means the moment of the change.
package struct Zone: Sendable, Equatable {
  package struct Change: Sendable, Equatable {
    package var at: Instant
    /// Local time less UTC, from then on.
    package var offset: TimeSpan
    package init(at: Instant, offset: TimeSpan) {
      self.at = at
      self.offset = offset
    }
  }
  /// `Europe/Berlin`.
  package let name: String
  /// The offset before the first change.
  package let offset: TimeSpan
  /// By time, no two at once.
  package let changes: [Change]

  package static let utc = Zone(name: "UTC", offset: .zero, changes: [])

  package init(name: String, offset: TimeSpan, changes: [Change]) {
    precondition(zip(changes, changes.dropFirst()).allSatisfy { $0.at < $1.at }, "a zone's changes are sorted by time")
    self.name = name
    self.offset = offset
    self.changes = changes
  }

  /// A time without change of the clocks: from `start` (included) to `end` (not included).
  struct Stretch {
    var place: Int
    var start: Int64
    var end: Int64
    var offset: Int64
  }

  /// The stretch after so many changes.
  func stretch(_ place: Int) -> Stretch {
    Stretch(
      place: place, start: place == 0 ? .min : changes[place - 1].at.microseconds,
      end: place == changes.count ? .max : changes[place].at.microseconds,
      offset: (place == 0 ? offset : changes[place - 1].offset).microseconds)
  }

  func stretch(at time: Int64) -> Stretch {
    var (low, high) = (0, changes.count)
    while low < high {
      let middle = (low + high) / 2
      if changes[middle].at.microseconds <= time { low = middle + 1 } else { high = middle }
    }
    return stretch(low)
  }

  /// Microseconds from 1970-01-01 00:00 as the local clock shows it.
  func local(_ time: Int64) -> Int64 { time.saturatingPlus(stretch(at: time).offset) }

  /// The first moment at which the local clock shows `local`, or more where it jumps over that.
  func instant(ofLocal local: Int64) -> Int64 {
    // No clock is two days off.
    var stretch = stretch(at: local.saturatingMinus(2 * Zone.day))
    while true {
      let time = max(stretch.start, local.saturatingMinus(stretch.offset))
      if time < stretch.end || stretch.end == .max { return time }
      stretch = self.stretch(stretch.place + 1)
    }
  }

  /// What the local clock shows, written as if it were UTC.
  package func local(_ time: Instant) -> Instant { Instant(microseconds: local(time.microseconds)) }

  /// The moment of a local date and time of day, written as if it were UTC.
  package func instant(ofLocal local: Instant) -> Instant {
    Instant(microseconds: instant(ofLocal: local.microseconds))
  }

  /// The local date at `time`, in days since 1970-01-01. A day has begun once its midnight was shown, even if the
  /// clock goes back behind it after that.
  package func day(at time: Instant) -> Int64 {
    let day = local(time.microseconds).flooredQuotient(Zone.day)
    return beginning(ofDay: day + 1) <= time ? day + 1 : day
  }

  /// Local midnight.
  package func beginning(ofDay day: Int64) -> Instant {
    Instant(microseconds: instant(ofLocal: day.saturatingTimes(Zone.day)))
  }

  static let day: Int64 = 86_400_000_000
}

extension Int64 {
  func flooredQuotient(_ divisor: Int64) -> Int64 { self / divisor - (self % divisor < 0 ? 1 : 0) }
}
