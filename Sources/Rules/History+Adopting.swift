extension History {
  /// Whether it knows of something older than another of the same tag does.
  func reaches(before other: History) -> Bool {
    guard !isEmpty else { return false }
    return other.isEmpty || marks[first].time < other.marks[other.first].time
  }

  /// Whether it counts all that another counts: what is not counted can be only where no mark was thinned.
  func follows(all other: History) -> Bool {
    other.needs.subtracting(.pins).isSubset(of: needs)
      && other.tracks.allSatisfy { track in tracks.contains { $0.kind == track.kind } }
  }

  /// Whether what was heard of its tag anew serves `reader` better: it knows of older samples, or all samples that the
  /// reader asks for, where this one has thinned them without counting what the reader counts.
  func yields(to heard: History, for reader: History) -> Bool {
    guard reaches(before: heard) else { return true }
    guard Int(thinnedEnd) > first, !follows(all: reader), let newest, !heard.isEmpty else { return false }
    return heard.marks[heard.first].time <= newest.time.saturatingMinus(reader.keep)
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
