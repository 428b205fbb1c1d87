extension History {
  /// Whether it knows of something older than another of the same tag does.
  func reaches(before other: History) -> Bool {
    guard !isEmpty else { return false }
    return other.isEmpty || marks[first].time < other.marks[other.first].time
  }

  /// Takes over what a history of the same tag had under another configuration. What only another window needs and was
  /// not counted is counted from the marks that are there.
  mutating func adopt(_ old: History) {
    let marks = Array(old.marks[old.first...])
    restore([], forgottenGood: old.forgottenGood, old.texts)
    for (index, mark) in marks.enumerated() {
      let last = self.marks.last
      let isSample = last.map { $0.ordinal != mark.ordinal } ?? (mark.sampledAt == mark.time)
      let silentFrom = mark.quality == .stale && !isSample ? mark.badSince : .max
      grow(last, mark, hasValue: mark.quality == .good, isSample: isSample, silentFrom)
      self.marks.append(mark)
      // What was thinned before had marks between that are no longer there; each is a block of its own then.
      if index < Int(old.thinnedEnd) - old.first { blocks.append(sums(ofMarkAt: index)) }
    }
    thinnedEnd = Int32(blocks.count)
    thinAt = old.thinAt
    guard staleAfter == old.staleAfter else { return }
    if needs.contains(.totals), old.needs.contains(.totals) { totals = Array(old.totals[old.first...]) }
    if needs.contains(.powers), old.needs.contains(.powers) { powers = Array(old.powers[old.first...]) }
    if needs.contains(.extremes), old.needs.contains(.extremes) {
      replaceExtremes(
        old.lows.nodes[old.first...].map(\.value), old.highs.nodes[old.first...].map(\.value))
    }
    if needs.isDisjoint(with: .powers) || old.needs.contains(.powers), !blocks.isEmpty {
      blocks = Array(old.blocks[old.first..<Int(old.thinnedEnd)])
    }
    for index in tracks.indices {
      guard let same = old.tracks.first(where: { $0.kind == tracks[index].kind }) else { continue }
      tracks[index].restore(Array(same.items[old.first...]))
    }
  }
}
