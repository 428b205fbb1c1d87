import Rules

/// Whether the session that a broker says it has kept is the one whose beginning the journal knows.
///
/// A broker that lost our session makes a new one as soon as it is asked. If its answer never reaches us, or we die
/// before the answer is in the journal, it says "kept" the next time, and the gap would never be known. So the
/// journal is told before each time it is asked, and when the answer is there; and where the first is without the
/// second, a possible gap is reported whatever the broker says.
struct SessionDoubt {
  /// The broker was asked once, and what it answered is not known.
  private var isOpen: Bool
  /// The connection at hand asked and has no answer yet.
  private var isAsking = false
  /// There may be a gap, and the report of it is not yet on disk,
  private var isGapUnsaved = false
  /// but in hand: it will be with the next commit.
  private var isGapInHand = false
  /// The newest note in the journal says that the broker is being asked.
  var isAnnounced: Bool

  /// `delivered` is what the journal has, oldest first.
  init(delivered: [MessageMark]) {
    isOpen = delivered.last(where: \.isNote).map { $0.hash != 0 } ?? false
    isAnnounced = isOpen
  }

  /// From now on the broker may have heard us.
  mutating func asks() {
    if isAsking { isOpen = true }
    isAsking = true
  }

  /// It answered that it takes us; whether there may be a gap.
  mutating func isAnswered(sessionKept: Bool) -> Bool {
    let isGap = !sessionKept || isOpen || isGapUnsaved
    (isOpen, isAsking, isAnnounced) = (false, false, false)
    if isGap { (isGapUnsaved, isGapInHand) = (true, true) }
    return isGap
  }

  /// It did not take us, so it made no session; whether the journal is to be told that nothing is open.
  mutating func isRefused() -> Bool {
    isAsking = false
    guard isAnnounced, !isOpen else { return false }
    isAnnounced = false
    return true
  }

  mutating func committed() {
    if isGapInHand { (isGapUnsaved, isGapInHand) = (false, false) }
  }

  mutating func refused() {
    isGapInHand = false
    isAnnounced = false
  }
}
