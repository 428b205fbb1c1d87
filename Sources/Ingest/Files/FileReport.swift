import Rules

/// What a file held beside the values that were taken: each kind of trouble counted, the first of each with its line.
package struct FileReport: Sendable {
  package struct Trouble: Sendable, Equatable {
    package var what: String
    package var count: Int
    /// The first lines.
    package var lines: [Int]
    /// A row, or one value of it.
    package var isRow: Bool
    package init(what: String, count: Int, lines: [Int], isRow: Bool) {
      self.what = what
      self.count = count
      self.lines = lines
      self.isRow = isRow
    }
  }
  /// As the person named it.
  package let file: String
  /// Rows behind the header that hold anything.
  package internal(set) var rows = 0
  /// Values that became inputs.
  package internal(set) var values = 0
  /// Cells and fields with nothing in them: nothing was sampled then.
  package internal(set) var empty = 0
  package internal(set) var troubles: [Trouble] = []
  /// Columns, or names of tags, that no asset of the file has.
  package internal(set) var unknownColumns: [String] = []
  /// Times without an offset, taken by the zone's clock.
  package internal(set) var withoutOffset = 0
  /// Of an hour that the zone's clock showed twice, taken as the second.
  package internal(set) var secondTime = 0
  /// Of an hour that the zone's clock passed over.
  package internal(set) var neverShown = 0
  package internal(set) var first: Instant?
  package internal(set) var last: Instant?

  init(file: String) { self.file = file }

  package var unreadableRows: Int { troubles.filter(\.isRow).reduce(0) { $0 + $1.count } }

  /// At most this many kinds of trouble are told apart: a file of noise has one for every row.
  private static let kinds = 64
  private static let examples = 5

  mutating func row(_ what: String, line: Int) { note(what, line, isRow: true) }
  mutating func value(_ what: String, line: Int) { note(what, line, isRow: false) }

  private mutating func note(_ what: String, _ line: Int, isRow: Bool) {
    let known = troubles.firstIndex { $0.what == what && $0.isRow == isRow }
    let others = isRow ? "other rows that cannot be read" : "other values that cannot be read"
    if let place = known ?? (troubles.count < Self.kinds ? nil : troubles.firstIndex { $0.what == others }) {
      troubles[place].count += 1
      if troubles[place].lines.count < Self.examples { troubles[place].lines.append(line) }
    } else {
      troubles.append(Trouble(what: troubles.count < Self.kinds ? what : others, count: 1, lines: [line], isRow: isRow))
    }
  }
}
