/// Something wrong in a file a person wrote: where, what, and what to do.
package struct Finding: Error, Equatable, Sendable, CustomStringConvertible {
  /// As the person would type it: `rules/pump_cavitation.lua`.
  package var file: String
  /// From 1; nil when it concerns the file as a whole.
  package var line: Int?
  package var message: String
  package init(file: String, line: Int?, message: String) {
    self.file = file
    self.line = line
    self.message = message
  }
  package var description: String {
    line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
  }
}

/// The known word nearest to a misspelt one; nil when none is near (more than a third of its letters away).
package func nearest(to word: String, among known: some Sequence<String>) -> String? {
  var best: (word: String, distance: Int)?
  for candidate in known {
    let distance = editDistance(Array(word.lowercased().utf8), Array(candidate.lowercased().utf8))
    if distance <= max(1, max(word.utf8.count, candidate.utf8.count) / 3), distance < best?.distance ?? .max {
      best = (candidate, distance)
    }
  }
  return best?.word
}

/// ` (did you mean 'average'?)`, or nothing.
package func suggestion(for word: String, among known: some Sequence<String>) -> String {
  nearest(to: word, among: known).map { " (did you mean '\($0)'?)" } ?? ""
}

/// Levenshtein distance, with a swap of neighbours counted once (optimal string alignment).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
  var before: [Int] = []
  var previous = Array(0...b.count)
  for i in 1...a.count {
    var current = [i] + Array(repeating: 0, count: b.count)
    for j in 1...b.count {
      current[j] = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { current[j] = min(current[j], before[j - 2] + 1) }
    }
    (before, previous) = (previous, current)
  }
  return previous[b.count]
}
