import Crypto
import Foundation
import GRDB
import Rules

/// Where the journal ends: the next input's number, and the hash that the next batch's follows.
struct JournalEnd {
  var next: Int64
  var hash: Data

  init(_ db: Database) throws {
    let sql = "SELECT first_input, count, hash FROM batches ORDER BY first_input DESC LIMIT 1"
    if let row = try Row.fetchOne(db.cachedStatement(sql: sql)) {
      let (first, count): (Int64, Int64) = (try row.get("first_input"), try row.get("count"))
      let (sum, overflow) = first.addingReportingOverflow(count)
      guard !overflow, count > 0 else { throw DamagedValue(column: "count") }
      next = sum
      hash = try row.get("hash") ?? Chain.root
    } else if let cut = try Row.fetchOne(db, sql: "SELECT before, hash FROM cuts") {
      next = try cut.get("before")
      hash = try cut.get("hash") ?? Chain.root
    } else {
      (next, hash) = (1, Chain.root)
    }
  }
}

/// SHA-256 over a batch and the hash of the one before it: a batch that was changed, or is missing, shows.
/// One of an earlier schema names no meaning.
func batchHash(first: Int64, count: Int64, meaning: Int64?, _ bytes: Data, after previous: Data) -> Data {
  var writer = ByteWriter()
  writer.integer(first)
  writer.integer(count)
  if let meaning { writer.integer(meaning) }
  var sha = SHA256()
  sha.update(data: [meaning == nil ? 0x01 : 0x02])
  sha.update(data: writer.bytes)
  sha.update(data: bytes)
  sha.update(data: previous)
  return Data(sha.finalize())
}

/// Reads batches some hundred a query: nothing is locked while `body` runs, and it may use the ledger. A batch that
/// is not as it was written is an error that names it, and `body` sees nothing of it.
func read(
  journal path: String, from number: Int64, before end: Int64 = .max,
  using fetch: (String, StatementArguments) throws(LedgerError) -> [Row],
  _ body: (Int64, Input) throws -> Void
) throws {
  let holding = "SELECT max(first_input) AS first FROM batches WHERE first_input <= ?"
  // Nothing when the number is before the oldest.
  let start = try fetch(holding, [number]).map { row -> Int64? in try row.get("first", of: "a batch", path: path) }
  var first = start.first ?? nil
  var expected: Int64?
  var previous: Data?
  var meaning = Meaning.current
  while true {
    let rows = try fetch(
      """
      SELECT first_input, count, meaning, bytes, hash FROM batches WHERE first_input >= ? AND first_input < ?
      ORDER BY first_input LIMIT 200
      """, [first ?? .min, end])
    if rows.isEmpty { return }
    for row in rows {
      let start: Int64 = try row.get("first_input", of: "a batch", path: path)
      if let expected, start != expected {
        throw LedgerError.damagedBatch(path: path, firstInput: expected, why: "it is missing; the next is \(start)")
      }
      let before = try previous ?? hash(before: start, path: path, using: fetch)
      previous = try checkBatch(row, start, after: before, path: path)
      let inputs = try decode(row, path: path)
      let meant = try row.meaning(start, path: path)
      if meant != meaning {
        meaning = meant
        try body(start - 1, .meaning(meaning))
      }
      for (place, input) in inputs.enumerated() where start + Int64(place) >= number && start + Int64(place) < end {
        try body(start + Int64(place), input)
      }
      expected = start + Int64(inputs.count)
      first = start + 1
    }
  }
}

/// The first input of the newest batch that began to arrive before `time`, or of the oldest; nil in an empty journal.
/// Sought by halves: batches are written in the order of arrival.
func oldestInput(
  before time: Instant, journal path: String,
  using fetch: (String, StatementArguments) throws(LedgerError) -> [Row]
) throws(LedgerError) -> Int64? {
  func batch(holding number: Int64) throws(LedgerError) -> (first: Int64, inputs: [Input])? {
    let rows = try fetch(
      "SELECT first_input, count, bytes FROM batches WHERE first_input <= ? ORDER BY first_input DESC LIMIT 1", [number]
    )
    guard let row = rows.first else { return nil }
    return (try row.get("first_input", of: "a batch", path: path), try decode(row, path: path))
  }
  let oldest = try fetch("SELECT min(first_input) AS first FROM batches", [])
  guard var first: Int64 = try oldest.first?.get("first", of: "a batch", path: path),
    let oldestBatch = try batch(holding: first), let newestBatch = try batch(holding: .max)
  else { return nil }
  // Before `low` all arrived earlier; what begins at `high` did not, or is the end.
  var low = first + Int64(oldestBatch.inputs.count)
  var high = newestBatch.first + Int64(newestBatch.inputs.count)
  while low < high {
    guard let middle = try batch(holding: low + (high - low) / 2), middle.first >= low else { break }
    // Where it says nothing of time, the next that does says it.
    var found = middle
    var arrived = found.inputs.lazy.compactMap(\.arrival).first
    while arrived == nil, case let end = found.first + Int64(found.inputs.count), end < high,
      let next = try batch(holding: end)
    {
      found = next
      arrived = found.inputs.lazy.compactMap(\.arrival).first
    }
    if let arrived, arrived < time {
      first = found.first
      low = found.first + Int64(found.inputs.count)
    } else {
      high = middle.first
    }
  }
  return first
}

/// The newest moment that the journal's end tells of: when something arrived, was answered or was said. Nil in a journal
/// that tells of none.
func lastMoment(
  journal path: String, using fetch: (String, StatementArguments) throws(LedgerError) -> [Row]
) throws(LedgerError) -> Instant? {
  var end = Int64.max
  while let row = try fetch(
    "SELECT first_input, count, bytes FROM batches WHERE first_input < ? ORDER BY first_input DESC LIMIT 1", [end]
  ).first {
    if let newest = try decode(row, path: path).compactMap(\.moment).max() { return newest }
    end = try row.get("first_input", of: "a batch", path: path)
  }
  return nil
}

extension Input {
  /// When it came or was said, by the wall clock; nil where it does not say.
  fileprivate var moment: Instant? {
    switch self {
    case .tick(_, let time), .partialTick(_, let time, _): time
    case .command(.attempted(let attempt)): attempt.ended
    case .command(.lookedUp(let lookUp)): lookUp.ended
    case .command(.followed(let status)): status.at
    case .command(.instructed(let instruction)): instruction.at
    case .change, .source, .bind, .config, .fault, .death, .meaning, .skipped: arrival
    }
  }

  /// When it came, by the wall clock; nil where it does not say.
  fileprivate var arrival: Instant? {
    switch self {
    case .change(let change): change.arrived
    case .source(_, _, let time): time
    case .tick, .partialTick, .bind, .config, .command, .fault, .death, .meaning, .skipped: nil
    }
  }
}

/// The hash that the batch beginning with an input follows.
func hash(
  before first: Int64, path: String, using fetch: (String, StatementArguments) throws(LedgerError) -> [Row]
) throws -> Data {
  let batch = try fetch(
    "SELECT hash FROM batches WHERE first_input < ? ORDER BY first_input DESC LIMIT 1", [first])
  let rows = try batch.isEmpty ? fetch("SELECT hash FROM cuts WHERE before = ?", [first]) : batch
  if rows.isEmpty, first != 1 {
    throw LedgerError.damagedBatch(path: path, firstInput: first, why: "what was before it is missing")
  }
  return try rows.first.flatMap { try $0.get("hash", of: "a batch", path: path) } ?? Chain.root
}

/// What the next batch's hash follows. Batches of schema 1 have none.
func checkBatch(_ row: Row, _ first: Int64, after previous: Data, path: String) throws(LedgerError) -> Data {
  let stored: Data? = try row.get("hash", of: "a batch", path: path)
  guard let stored else { return Chain.root }
  let computed = batchHash(
    first: first, count: try row.get("count", of: "a batch", path: path),
    meaning: try row.get("meaning", of: "a batch", path: path), try row.get("bytes", of: "a batch", path: path),
    after: previous)
  guard computed == stored else {
    throw .damagedBatch(path: path, firstInput: first, why: "it is not as it was written")
  }
  return stored
}

extension Row {
  /// What the inputs of a batch mean.
  fileprivate func meaning(_ first: Int64, path: String) throws(LedgerError) -> Meaning {
    let stored: Int64? = try get("meaning", of: "a batch", path: path)
    guard let stored else { return .unnamed }
    guard let meaning = Meaning(rawValue: Int(stored)) else {
      throw .damagedBatch(
        path: path, firstInput: first, why: "it has meaning \(stored), which this version does not know")
    }
    return meaning
  }
}

func decode(_ row: Row, path: String) throws(LedgerError) -> [Input] {
  let first: Int64 = try row.get("first_input", of: "a batch", path: path)
  let count: Int64 = try row.get("count", of: "a batch", path: path)
  let data: Data = try row.get("bytes", of: "a batch", path: path)
  // The shortest input takes two bytes: a wild count must not make us reserve for it.
  guard count > 0, count <= data.count, first < .max - count else {
    throw .damagedBatch(path: path, firstInput: first, why: "\(count) inputs in \(data.count) bytes")
  }
  var reader = ByteReader([UInt8](data))
  var inputs: [Input] = []
  inputs.reserveCapacity(Int(count))
  do {
    for _ in 0..<count { inputs.append(try Input(from: &reader)) }
  } catch {
    throw .damagedBatch(path: path, firstInput: first, why: "\(error)")
  }
  guard reader.atEnd else {
    throw .damagedBatch(path: path, firstInput: first, why: "more bytes than its \(count) inputs")
  }
  return inputs
}
