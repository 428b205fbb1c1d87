import Foundation
import Ledger
import Rules
import Testing

/// Snapshots in pieces, the journal's cut, and the marks of messages.
@Suite struct SnapshotTests {
  static let configuration = Digest(hex: "cc")

  /// Commits a batch of `count` changes, with pieces.
  static func commit(_ ledger: Ledger, _ count: Int = 5, pieces: [SnapshotPiece] = []) throws {
    var batch = Batch(firstInput: try ledger.nextInput)
    for place in 0..<count {
      batch.inputs.append(.change(TagChange(TagID(0), .number(Double(place)), time: at(batch.firstInput))))
    }
    batch.pieces = pieces
    try ledger.commit(batch)
  }

  static func snapshot(_ next: Int64, _ size: Int = 700_000, taken: Instant = at(0)) -> Snapshot {
    Snapshot(
      next: next, configuration: configuration, taken: taken,
      bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(next)) })
  }

  @Test func a_snapshot_in_pieces_comes_back_whole_and_only_when_its_last_piece_is_there() throws {
    let folder = Folder()
    let ledger = try Ledger(path: folder.ledger)
    try Self.commit(ledger)
    let snapshot = Self.snapshot(6)
    #expect(snapshot.pieces.count == 3)
    for piece in snapshot.pieces {
      #expect(try ledger.snapshot(of: Self.configuration, before: .max) == nil)
      try Self.commit(ledger, pieces: [piece])
    }
    #expect(try ledger.snapshot(of: Self.configuration, before: .max) == snapshot)
    #expect(try ledger.snapshot(of: Digest(hex: "dd"), before: .max) == nil)
    #expect(try ledger.snapshot(of: Self.configuration, before: 6) == nil)
  }

  @Test func a_snapshot_that_was_never_finished_does_not_stand_in_the_way_of_the_next() throws {
    let folder = Folder()
    let ledger = try Ledger(path: folder.ledger)
    try Self.commit(ledger)
    try Self.commit(ledger, pieces: [Self.snapshot(6).pieces[0]])
    let whole = Self.snapshot(11)
    for piece in whole.pieces { try Self.commit(ledger, 0, pieces: [piece]) }
    #expect(try ledger.snapshot(of: Self.configuration, before: .max) == whole)
  }

  @Test func a_damaged_snapshot_is_passed_over_for_an_older_one() throws {
    let folder = Folder()
    let older = Self.snapshot(6)
    do {
      let ledger = try Ledger(path: folder.ledger)
      try Self.commit(ledger)
      try Self.commit(ledger, pieces: older.pieces)
      try Self.commit(ledger, pieces: Self.snapshot(11).pieces)
    }
    try folder.tamper("UPDATE snapshot_pieces SET bytes = zeroblob(length(bytes)) WHERE next = 11 AND place = 1")
    let ledger = try Ledger(path: folder.ledger)
    #expect(try ledger.snapshot(of: Self.configuration, before: .max) == older)
  }

  @Test func the_journal_is_cut_by_age_at_a_snapshot_and_replay_begins_there() throws {
    let folder = Folder()
    let ledger = try Ledger(path: folder.ledger, keep: Retention(age: .hours(10)))
    for hour in 0..<20 {
      for _ in 0..<100 { try Self.commit(ledger, 1) }
      let snapshot = Self.snapshot(try ledger.nextInput, 1000, taken: at(Int64(hour) * 3600))
      try Self.commit(ledger, 0, pieces: snapshot.pieces)
    }
    var steps = 0
    while try ledger.firstInput < 900, steps < 200 {
      try ledger.tidy(now: at(19 * 3600))
      steps += 1
    }
    #expect(steps > 10, "in small steps")
    for _ in 0..<20 { try ledger.tidy(now: at(19 * 3600)) }
    #expect(try ledger.firstInput == 901, "the newest snapshot older than ten hours was taken before input 901")
    var seen: [Int64] = []
    try ledger.replay(from: 901) { number, _ in seen.append(number) }
    #expect(seen == Array(901...2000))
    #expect(try ledger.snapshot(of: Self.configuration, before: 902)?.next == 901)
    #expect(try LedgerReader(path: folder.ledger).verify().problem == nil)
  }

  @Test func the_journal_is_cut_by_size_and_the_file_shrinks() throws {
    let folder = Folder()
    let ledger = try Ledger(path: folder.ledger, keep: Retention(size: 1 << 20))
    for round in 0..<60 {
      try Self.commit(ledger, 8_000)
      try Self.commit(ledger, 0, pieces: Self.snapshot(try ledger.nextInput, 1_000, taken: at(Int64(round))).pieces)
    }
    let before = try ledger.bytes
    for _ in 0..<400 { try ledger.tidy(now: at(100)) }
    #expect(try ledger.bytes < before / 3)
    #expect(try ledger.firstInput > 1)
    #expect(try ledger.nextInput == 480_001)
    try Self.commit(ledger)
    #expect(try LedgerReader(path: folder.ledger).verify().problem == nil)
  }

  @Test func of_old_snapshots_the_first_of_each_hour_stays() throws {
    let folder = Folder()
    let ledger = try Ledger(path: folder.ledger)
    for minute in 0..<150 {
      try Self.commit(ledger, 1)
      let snapshot = Self.snapshot(try ledger.nextInput, 10, taken: at(Int64(minute) * 60 + 800))
      try Self.commit(ledger, 0, pieces: snapshot.pieces)
      try ledger.tidy(now: at(Int64(minute) * 60 + 800))
    }
    for _ in 0..<200 { try ledger.tidy(now: at(9000)) }
    var left: [Int64] = []
    var limit = Int64.max
    while let snapshot = try ledger.snapshot(of: Self.configuration, before: limit) {
      left.append(snapshot.next)
      limit = snapshot.next
    }
    #expect(left.count == 5, "two newest, and one for each of three hours: \(left)")
  }

  @Test(arguments: [
    "UPDATE batches SET bytes = (SELECT bytes FROM batches WHERE first_input = 6) WHERE first_input = 11",
    "DELETE FROM batches WHERE first_input = 11", "DELETE FROM batches WHERE first_input = 1",
    "UPDATE batches SET hash = zeroblob(32) WHERE first_input = 11",
  ])
  func a_batch_that_is_not_as_it_was_written_is_an_error_that_names_it(_ sql: String) throws {
    let folder = Folder()
    do {
      let ledger = try Ledger(path: folder.ledger)
      for _ in 0..<5 { try Self.commit(ledger) }
    }
    try folder.tamper(sql)
    let ledger = try Ledger(path: folder.ledger)
    #expect(throws: LedgerError.self) { try ledger.replay(from: 1) { _, _ in } }
    #expect(try LedgerReader(path: folder.ledger).verify().problem?.kind == "batch")
  }

  @Test func marks_come_back_in_order_as_far_as_a_broker_may_go_back() throws {
    let folder = Folder()
    let ledger = try Ledger(path: folder.ledger)
    func mark(_ number: Int, _ source: Int) -> MessageMark {
      MessageMark(
        source: SourceID(source), packet: UInt16(truncatingIfNeeded: number % 65_535 + 1),
        hash: UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
    }
    var number = 0
    for _ in 0..<200 {
      var batch = Batch(firstInput: try ledger.nextInput)
      for _ in 0..<1_000 {
        batch.marks.append(mark(number, 0))
        number += 1
      }
      batch.marks.append(mark(number, 1))
      try ledger.commit(batch)
    }
    let marks = try ledger.marks()
    let first = marks.filter { $0.source == SourceID(0) }
    #expect(first.count >= 65_535 && first.count < 70_000)
    #expect(first.last == mark(199_999, 0))
    #expect(first == (0..<first.count).map { mark(200_000 - first.count + $0, 0) })
    #expect(marks.count(where: { $0.source == SourceID(1) }) == 200)
  }
}
