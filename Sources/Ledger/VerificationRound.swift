import Foundation
import GRDB
import Rules

/// One look at everything in the ledger, in steps of a short transaction each: how far it has come and what it found.
/// It can be kept and gone on with later, by another process too.
package struct VerificationRound: Sendable, Equatable, Codable {
  /// The section in hand, by name; nil at the end.
  package private(set) var section: String? = Section.all.first?.name
  /// The key of the last row of it that was looked at; empty at its beginning.
  private var after: [RowKey] = []
  package private(set) var entries = 0
  package private(set) var batches = 0
  package private(set) var bytes = 0
  /// At most so many of each section.
  package private(set) var found: [String: [Verification.Problem]] = [:]
  /// A file of more bytes than this is checked table by table, so that no transaction lasts long; its list of free
  /// pages is not checked then.
  private let wholeFileUpTo: Int64

  static let mostOfASection = 20

  package init(wholeFileUpTo: Int64 = 64 << 20) { self.wholeFileUpTo = wholeFileUpTo }

  package var isEnded: Bool { section == nil }
  /// In the order of the sections.
  package var problems: [Verification.Problem] { Section.all.flatMap { found[$0.name] ?? [] } }

  /// The names of all sections, in order.
  package static var sections: [String] { Section.all.map(\.name) }

  /// What one step does.
  struct Step {
    var after: [RowKey]
    let wholeFileUpTo: Int64
    /// Nothing is left of the section.
    var isLast = false
    var entries = 0
    var batches = 0
    var bytes = 0
    var problems: [Verification.Problem] = []

    /// A row and about its size; false when the step has read enough.
    mutating func read(_ size: Int) -> Bool {
      bytes += size + 64
      return bytes < 256 << 10
    }
    mutating func tell(_ kind: String, _ id: Int64, _ what: String) {
      problems.append(.init(kind: kind, id: id, what: what))
    }
  }

  /// Takes the next step. A section that cannot be read any further is left with what SQLite said.
  fileprivate mutating func take(_ reader: LedgerReader) throws(LedgerError) {
    if isEnded { return }
    guard let place = Section.all.firstIndex(where: { $0.name == section }) else {
      // Of a version that had other sections.
      self = VerificationRound(wholeFileUpTo: wholeFileUpTo)
      return
    }
    let current = Section.all[place]
    var step = Step(after: after, wholeFileUpTo: wholeFileUpTo)
    do {
      try current.take(reader, &step)
    } catch let error where error.isDamage {
      let place = after.isEmpty ? "from its beginning" : "after \(after)"
      step.tell(current.name, 0, "it cannot be read \(place): \(error.cause)")
      step.isLast = true
    }
    entries += step.entries
    batches += step.batches
    bytes += step.bytes
    if !step.problems.isEmpty {
      found[current.name] = Array(((found[current.name] ?? []) + step.problems).prefix(Self.mostOfASection))
    }
    after = step.isLast ? [] : step.after
    if step.isLast { section = place + 1 < Section.all.count ? Section.all[place + 1].name : nil }
  }
}

extension LedgerReader {
  /// Takes the next step of a round. Throws when the ledger cannot be read for a reason other than damage, such as a
  /// lock; then the step is still to be taken.
  package func take(_ round: inout VerificationRound) throws(LedgerError) { try round.take(self) }
}

/// A value of a primary key.
enum RowKey: Sendable, Equatable, Codable, CustomStringConvertible {
  case number(Int64)
  case text(String)

  init(_ value: DatabaseValue) throws(DamagedValue) {
    switch value.storage {
    case .int64(let number): self = .number(number)
    case .string(let text): self = .text(text)
    default: throw DamagedValue(column: "of its primary key")
    }
  }
  var value: DatabaseValue {
    switch self {
    case .number(let number): number.databaseValue
    case .text(let text): text.databaseValue
    }
  }
  var number: Int64? { if case .number(let number) = self { number } else { nil } }
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var description: String {
    switch self {
    case .number(let number): "\(number)"
    case .text(let text): text
    }
  }
}

/// A part of a round: everything of one kind, checked in one way.
private struct Section: Sendable {
  /// Kept with a round that is under way.
  let name: String
  let take: @Sendable (LedgerReader, inout VerificationRound.Step) throws(LedgerError) -> Void

  static let all: [Section] =
    [
      Section(name: "pages") { reader, step throws(LedgerError) in try reader.checkPages(&step) },
      Section(name: "ledger") { reader, step throws(LedgerError) in try reader.checkEnd(&step) },
      Section(name: "chain") { reader, step throws(LedgerError) in try reader.checkChain(&step) },
    ]
    + Chain.Kind.allCases.map { kind in
      Section(name: "unchained \(kind.name)") { reader, step throws(LedgerError) in
        try reader.checkUnchained(kind, &step)
      }
    } + [
      Section(name: "references") { reader, step throws(LedgerError) in try reader.checkReferences(&step) },
      Section(name: "states") { reader, step throws(LedgerError) in try reader.checkStates(&step) },
      Section(name: "journal") { reader, step throws(LedgerError) in try reader.checkJournal(&step) },
    ]
    + RowChecksum.tables.map { table in
      Section(name: table.name) { reader, step throws(LedgerError) in try reader.checkRows(of: table, &step) }
    } + [
      Section(name: "snapshot") { reader, step throws(LedgerError) in try reader.checkSnapshots(&step) }
    ]
}

extension LedgerReader {
  /// That each table and its indexes say the same, and that no page is damaged: in one transaction, or in one a table
  /// where the file is large.
  fileprivate func checkPages(_ step: inout VerificationRound.Step) throws(LedgerError) {
    if step.after.isEmpty, bytes <= step.wholeFileUpTo {
      step.bytes += Int(bytes)
      let said = try integrity("the pages") { db in try String.fetchAll(db, sql: "PRAGMA integrity_check(20)") }
      step.isLast = true
      if said == ["ok"] { return }
      // Which table it is, is not said by that.
      var table = ""
      while let next = try checkPages(after: table, &step) { table = next }
      if step.problems.isEmpty { step.tell("pages", 0, said.first ?? "SQLite says nothing of them") }
      return
    }
    if let next = try checkPages(after: step.after.first?.text ?? "", &step) {
      step.after = [.text(next)]
    } else {
      step.isLast = true
    }
  }

  /// Gives the table it checked; nil when there is none after that.
  private func checkPages(after table: String, _ step: inout VerificationRound.Step) throws(LedgerError) -> String? {
    let next = try reading("the tables") { db in
      try String.fetchOne(
        db,
        sql: """
          SELECT name FROM (
            SELECT 'sqlite_schema' AS name UNION ALL SELECT name FROM main.sqlite_schema WHERE type = 'table')
          WHERE name > ? ORDER BY name LIMIT 1
          """, arguments: [table])
    }
    guard let next else { return nil }
    let said = try integrity("the pages of \(next)") { db in
      try String.fetchAll(db, sql: "SELECT * FROM pragma_integrity_check(?)", arguments: [next])
    }
    // How large one table is would have to be read first.
    step.bytes += Int(bytes) / 16
    if said != ["ok"] { step.tell("pages", 0, "table \(next): \(said.first ?? "SQLite says nothing of it")") }
    return next
  }

  /// Where the file is damaged so much that the check itself fails, that is what it says.
  private func integrity(
    _ what: String, _ body: (Database) throws -> [String]
  ) throws(LedgerError) -> [String] {
    do {
      return try reading(what) { db in try interruptibly { try body(db) } }
    } catch let error where error.isDamage {
      return [error.cause]
    }
  }

  fileprivate func checkEnd(_ step: inout VerificationRound.Step) throws(LedgerError) {
    step.isLast = true
    // Before the ledger is looked at: it only ever grows.
    guard let mark = WriterLock.mark(beside: path) else { return }
    let id = try id()
    let isKept = try reading("the newest rows") { db in try mark.isKept(in: db, ledger: id) }
    if !isKept { step.tell("ledger", 0, "\(mark) were committed and are gone") }
  }

  fileprivate func checkChain(_ step: inout VerificationRound.Step) throws(LedgerError) {
    step = try reading("the chain") { db in
      var step = step
      var last = step.after.first?.number ?? 0
      let before = try Row.fetchOne(db.cachedStatement(sql: "SELECT hash FROM chain WHERE seq = ?"), arguments: [last])
      var previous: Data = try before?.get("hash") ?? Chain.root
      let rows = try Row.fetchCursor(
        db.cachedStatement(sql: "SELECT seq, kind, row, hash FROM chain WHERE seq > ? ORDER BY seq LIMIT 500"),
        arguments: [last])
      step.isLast = true
      while let entry = try rows.next() {
        let seq: Int64 = try entry.get("seq")
        if seq != last + 1 { step.tell("chain entry", last + 1, "it is missing; the next is \(seq)") }
        if let problem = try check(entry: entry, seq: seq, after: previous, db) { step.problems.append(problem) }
        previous = try entry.get("hash")
        last = seq
        step.entries += 1
        step.isLast = false
        if !step.read(400) { break }
      }
      step.after = [.number(last)]
      return step
    }
  }

  private func check(entry: Row, seq: Int64, after previous: Data, _ db: Database) throws -> Verification.Problem? {
    let raw: Int64 = try entry.get("kind")
    guard let kind = UInt8(exactly: raw).flatMap(Chain.Kind.init) else {
      return .init(kind: "chain entry", id: seq, what: "it is of unknown kind \(raw)")
    }
    let row: Int64 = try entry.get("row")
    guard let hash = try Chain.hash(kind, row, after: previous, db) else {
      return .init(kind: kind.name, id: row, what: "it is missing (chain entry \(seq))")
    }
    let stored: Data = try entry.get("hash")
    guard hash == stored else {
      return .init(kind: kind.name, id: row, what: "it is not as it was written (chain entry \(seq))")
    }
    return nil
  }

  fileprivate func checkUnchained(_ kind: Chain.Kind, _ step: inout VerificationRound.Step) throws(LedgerError) {
    let after = step.after.first?.number ?? .min
    let (last, found) = try reading("\(kind.name)s") { db -> (Int64?, Int64?) in
      let row = try Row.fetchOne(db.cachedStatement(sql: kind.unchained), arguments: [after, 2_000])
      return (try row?.get("last"), try row?.get("found"))
    }
    step.bytes += 2_000 * 32
    if let found { step.tell(kind.name, found, "it is not in the chain: somebody else put it in") }
    step.isLast = last == nil
    if let last { step.after = [.number(last)] }
  }

  /// One table a step.
  fileprivate func checkReferences(_ step: inout VerificationRound.Step) throws(LedgerError) {
    let after = step.after.first?.text ?? ""
    let table = try reading("references") { db -> (name: String, row: Row?)? in
      let next = try Row.fetchOne(
        db,
        sql: "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name > ? ORDER BY name LIMIT 1",
        arguments: [after])
      guard let next else { return nil }
      let name: String = try next.get("name")
      return (
        name, try Row.fetchOne(db, sql: "SELECT rowid FROM pragma_foreign_key_check(?) LIMIT 1", arguments: [name])
      )
    }
    guard let table else {
      step.isLast = true
      return
    }
    step.after = [.text(table.name)]
    step.bytes += Int(bytes) / 16
    if let row = table.row {
      let id: Int64? = try row.get("rowid", of: "a reference", path: path)
      step.tell(table.name, id ?? 0, "what it belongs to is missing")
    }
  }

  fileprivate func checkStates(_ step: inout VerificationRound.Step) throws(LedgerError) {
    step = try reading("actions") { db in
      var step = step
      let rows = try Row.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT id, state, coalesce((
              SELECT state FROM action_events WHERE action = actions.id ORDER BY seq DESC LIMIT 1), 'nothing') AS said
            FROM actions WHERE id > ? ORDER BY id LIMIT 500
            """), arguments: [step.after.first?.number ?? .min])
      for row in rows {
        let (id, state, said): (Int64, String, String) = (
          try row.get("id"), try row.get("state"), try row.get("said")
        )
        if state != said { step.tell("action", id, "it is '\(state)' and its newest event says '\(said)'") }
        step.after = [.number(id)]
        _ = step.read(128)
      }
      step.isLast = rows.isEmpty
      return step
    }
  }

  fileprivate func checkJournal(_ step: inout VerificationRound.Step) throws(LedgerError) {
    step = try reading("the journal") { db in
      var step = step
      func fetch(_ sql: String, _ arguments: StatementArguments) throws(LedgerError) -> [Row] {
        do {
          return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
        } catch {
          throw .reading("the journal", path, error)
        }
      }
      var expected: Int64?
      var previous: Data?
      // What was looked at last may have been cut off meanwhile.
      if let last = step.after.first?.number,
        let row = try fetch("SELECT first_input, count, hash FROM batches WHERE first_input = ?", [last]).first
      {
        let count: Int64 = try row.get("count")
        expected = last.saturatingPlus(count)
        previous = try row.get("hash") ?? Chain.root
      }
      let rows = try Row.fetchCursor(
        db.cachedStatement(
          sql: """
            SELECT first_input, count, bytes, meaning, hash FROM batches WHERE first_input > ? ORDER BY first_input LIMIT 200
            """
        ), arguments: [step.after.first?.number ?? .min])
      step.isLast = true
      while let row = try rows.next()?.copy() {
        let first: Int64 = try row.get("first_input")
        let bytes: Data = try row.get("bytes")
        step.isLast = false
        step.batches += 1
        let before = previous
        let count: Int64 = try row.get("count")
        previous = try row.get("hash") ?? Chain.root
        do {
          if let expected, first != expected {
            step.tell("batch", expected, "it is missing; the next is \(first)")
          } else {
            let follows = try before ?? hash(before: first, path: path, using: fetch)
            _ = try checkBatch(row, first, after: follows, path: path)
          }
          _ = try decode(row, path: path)
          expected = first.saturatingPlus(count)
        } catch LedgerError.damagedBatch(_, let first, let why) {
          step.tell("batch", first, why)
          expected = nil
        }
        step.after = [.number(first)]
        if !step.read(bytes.count) { break }
      }
      return step
    }
  }

  fileprivate func checkRows(of table: RowChecksum.Table, _ step: inout VerificationRound.Step) throws(LedgerError) {
    step = try reading(table.name) { db in
      var step = step
      let key = table.key.joined(separator: ", ")
      let beyond = step.after.isEmpty ? "" : "WHERE (\(key)) > (\(table.key.map { _ in "?" }.joined(separator: ", ")))"
      let rows = try Row.fetchCursor(
        db.cachedStatement(
          sql: """
            SELECT \((table.key + table.columns).joined(separator: ", ")), checksum FROM \(table.name)
            \(beyond) ORDER BY \(key) LIMIT 500
            """), arguments: StatementArguments(step.after.map(\.value)))
      step.isLast = true
      while let row = try rows.next() {
        let values = Array(row.databaseValues)
        let stored: Int64? = try row.get("checksum")
        step.after = try values.prefix(table.key.count).map { try RowKey($0) }
        step.isLast = false
        if let stored, RowChecksum.of([table.name.databaseValue] + values.dropLast()) != stored {
          let isNumbered = step.after.count == 1 && step.after[0].number != nil
          step.tell(
            table.name, isNumbered ? step.after[0].number ?? 0 : 0,
            (isNumbered ? "it is" : "the row \(step.after) is") + " not as it was written")
        }
        if !step.read(values.reduce(0) { $0 + $1.size }) { break }
      }
      return step
    }
  }

  /// One a step.
  fileprivate func checkSnapshots(_ step: inout VerificationRound.Step) throws(LedgerError) {
    step = try reading("snapshots") { db in
      var step = step
      let row = try Row.fetchOne(
        db.cachedStatement(sql: "SELECT next, pieces, hash FROM snapshots WHERE next > ? ORDER BY next LIMIT 1"),
        arguments: [step.after.first?.number ?? .min])
      guard let row else {
        step.isLast = true
        return step
      }
      let next: Int64 = try row.get("next")
      let (count, hash) = try digest(ofSnapshot: next, db) { step.bytes += $0.count }
      let (pieces, stored): (Int, Data) = (try row.get("pieces"), try row.get("hash"))
      if count != pieces || hash != stored { step.tell("snapshot", next, "its bytes are not what was written") }
      step.after = [.number(next)]
      return step
    }
  }
}

extension DatabaseValue {
  fileprivate var size: Int {
    switch storage {
    case .null, .int64, .double: 8
    case .string(let text): text.utf8.count
    case .blob(let data): data.count
    }
  }
}
