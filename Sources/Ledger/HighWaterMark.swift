import Crypto
import Foundation
import GRDB

/// How far a ledger had come when its writer last committed, kept in the lock file beside it. Without it a ledger
/// that lost its end (a damaged WAL is cut at the first bad frame, without a word) would open as a sound, shorter one,
/// and decide again what it has forgotten. Written after the commit and never synced: what is in it is never ahead of
/// what the disk has, so that no loss of power makes a sound ledger look short.
struct HighWaterMark: Equatable {
  var ledger: String
  /// Number of the next input.
  var next: Int64
  /// The newest entry of the hash chain, 0 when there is none, and its hash.
  var entry: Int64
  var hash: Data
  /// How many commits changed neither of the two.
  var quiet: Int64

  /// Of a database as it stands.
  init(ledger: String, _ db: Database) throws {
    self.ledger = ledger
    next = try JournalEnd(db).next
    let newest = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1"))
    (entry, hash) = try newest.map { (try $0.get("seq"), try $0.get("hash")) } ?? (0, Chain.root)
    let row = try Row.fetchOne(db.cachedStatement(sql: "SELECT count FROM quiet_commits"))
    quiet = try row?.get("count") ?? 0
  }

  /// Whether this one can be said of what is there now: no less of it, and the same entry where it ended.
  func isKept(in db: Database, ledger: String) throws -> Bool {
    let now = try HighWaterMark(ledger: ledger, db)
    guard now.ledger == self.ledger, now.next >= next, now.entry >= entry, now.quiet >= quiet else { return false }
    if entry == 0 { return true }
    let stored = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT hash FROM chain WHERE seq = ?"), arguments: [entry])
    return try stored?.get("hash") == hash
  }
}

extension HighWaterMark: CustomStringConvertible {
  var description: String { "input \(next - 1) and chain entry \(entry)" }
}

// MARK: - As a line of text

extension HighWaterMark {
  /// Where the line is in the lock file: behind the pid, which is never longer.
  static let offset = 16
  /// Blank to its end, so that a shorter line leaves nothing of a longer one.
  static let length = 192

  /// Nil when the bytes are not a whole mark as one was written.
  init?(line: String) {
    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    // The version before wrote no count of quiet commits.
    guard let check = words.last, words.count == 5 || words.count == 6,
      check == Self.check(words.dropLast().joined(separator: " ")),
      let next = Int64(words[1]), let entry = Int64(words[2]), let hash = Data(hexadecimal: words[3]),
      let quiet = words.count == 5 ? 0 : Int64(words[4])
    else { return nil }
    (ledger, self.next, self.entry, self.hash, self.quiet) = (words[0], next, entry, hash, quiet)
  }

  var line: String {
    let words = "\(ledger) \(next) \(entry) \(hash.hexadecimal) \(quiet)"
    return "\(words) \(Self.check(words))".padded(to: Self.length)
  }

  private static func check(_ words: String) -> String {
    Data(SHA256.hash(data: Data(words.utf8)).prefix(8)).hexadecimal
  }
}

extension String {
  /// One line of so many bytes.
  func padded(to length: Int) -> String {
    self + String(repeating: " ", count: max(0, length - utf8.count - 1)) + "\n"
  }
}

extension Data {
  fileprivate var hexadecimal: String {
    map { (UInt8($0) < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  fileprivate init?(hexadecimal text: String) {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    self.init()
    for place in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[place...place + 1], as: UTF8.self), radix: 16) else { return nil }
      append(byte)
    }
  }
}
