import Campaigns
import Foundation
import GRDB
import Ledger
import LedgerWriter
import Rules
import Testing

/// Random damage of the ledger's file and its write-ahead log: the start refuses it, or one round of verification tells
/// of it, or everything in the ledger is what it was. Nothing else may come of it.
@Suite struct DamageCampaignTests {
  static let damages = Campaign.size(200, large: 2_000)
  private static let suffixes = ["", "-wal", ".lock"]
  private static let page = 4096
  /// Of a frame in the log: its header and its page.
  private static let frame = 24 + page

  enum Kind: String, CaseIterable { case bit, zeros, shifted, misplaced, swapped, cut, rows }

  /// In memory where there is such a place: nothing here rests on what a disk keeps.
  private final class Place {
    let path =
      (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path)
      + "/millwright-damages-\(UUID().uuidString)"
    var ledger: String { path + "/ledger.sqlite" }
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ files: [Data]) throws {
      for suffix in ["-shm", ".verification"] { unlink(ledger + suffix) }
      for (suffix, file) in zip(suffixes, files) { try file.write(to: URL(fileURLWithPath: ledger + suffix)) }
    }
    func read() throws -> [Data] {
      try suffixes.map { try Data(contentsOf: URL(fileURLWithPath: ledger + $0)) }
    }
  }

  private enum End: String, CaseIterable { case refused, told, harmless, silent }

  @Test func damage_is_refused_at_the_start_or_told_within_a_round_or_changes_nothing() throws {
    var dice = Dice(Campaign.seed)
    let place = try Place()
    var script = WriterScript(path: place.ledger, seed: 3)
    // An end at which nothing is being sent, some of it in the log.
    for step in 0..<84 { try script.take(step) }
    let sound = try place.read()
    withExtendedLifetime(script) {}
    let scratch = try Place()
    try scratch.write(sound)
    let (end, content, _) = try outcome(scratch, nil)
    #expect(end == .harmless)
    var counts: [Kind: [End: Int]] = [:]
    for number in 0..<Self.damages {
      // The rarest kinds as often as the others.
      let kind = Kind.allCases[number % Kind.allCases.count]
      try scratch.write(sound)
      let what = try damage(scratch, sound, kind, &dice)
      let (end, _, difference) = try outcome(scratch, content)
      counts[kind, default: [:]][end, default: 0] += 1
      #expect(end != .silent, "MILLWRIGHT_SEED=\(Campaign.seed), \(what): \(difference)")
    }
    for kind in Kind.allCases {
      let found = End.allCases.map { "\(counts[kind]?[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
      print("damage, \(kind.rawValue): \(found)")
    }
    let seen = counts.values.reduce(0) { $0 + ($1[.refused] ?? 0) + ($1[.told] ?? 0) }
    #expect(seen > Self.damages / 3)
  }

  /// What comes of a damaged ledger; the content that it has when nothing was noticed, and where it differs.
  private func outcome(_ place: Place, _ sound: [String: [String]]?) throws -> (End, [String: [String]], String) {
    let ledger: Ledger
    do {
      ledger = try Ledger(path: place.ledger)
    } catch {
      return (.refused, [:], "")
    }
    let verification = BackgroundVerification(ledger: place.ledger, clock: { at(0) })
    while case .read = verification.step() {}
    if !verification.status.troubles.isEmpty { return (.told, [:], "") }
    let found: [String: [String]]
    do {
      found = try content(of: place.ledger)
    } catch {
      return (.silent, [:], "\(error)")
    }
    withExtendedLifetime(ledger) {}
    guard let sound else { return (.harmless, found, "") }
    let differs = Set(sound.keys).union(found.keys).filter { sound[$0] != found[$0] }.sorted()
    let rows = differs.prefix(2).map { table in
      let (was, now) = (Set(sound[table] ?? []), Set(found[table] ?? []))
      return "\(table): \(was.subtracting(now).prefix(1)) for \(now.subtracting(was).prefix(1))".prefix(600)
    }
    return differs.isEmpty ? (.harmless, found, "") : (.silent, found, "\(rows)")
  }

  /// Every row of every table.
  private func content(of path: String) throws -> [String: [String]] {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    return try DatabaseQueue(path: path, configuration: configuration).read { db in
      var content: [String: [String]] = [:]
      for table in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'") {
        content[table] = try Row.fetchAll(db, sql: "SELECT * FROM \(table)").map { row in
          row.databaseValues.map { value in
            if case .blob(let data) = value.storage { return "\(data.count):\(data.hashValue)" }
            return value.description
          }.joined(separator: "|")
        }
      }
      return content
    }
  }

  /// Damages one file; gives what was done, for whoever repeats it.
  private func damage(_ place: Place, _ sound: [Data], _ kind: Kind, _ dice: inout Dice) throws -> String {
    if kind == .rows { return try swapRows(place, &dice) }
    let which = dice.below(2)
    var file = sound[which]
    // Whole pages, in the log behind their headers.
    let (first, stride) = which == 0 ? (0, Self.page) : (32 + 24, Self.frame)
    let pages = (file.count - first) / stride
    func range(_ number: Int) -> Range<Int> { first + number * stride..<first + number * stride + Self.page }
    let number = dice.below(pages)
    let name = "ledger.sqlite\(Self.suffixes[which])"
    var what = "\(kind.rawValue), page \(number) of \(name)"
    switch kind {
    case .bit:
      let (byte, bit) = (dice.below(file.count), dice.below(8))
      file[byte] ^= 1 << bit
      what = "bit \(bit) of byte \(byte) of \(name)"
    case .zeros:
      file.replaceSubrange(range(number), with: Data(count: Self.page))
    case .shifted:
      let by = 1 + dice.below(512)
      let old = file.subdata(in: range(number))
      file.replaceSubrange(range(number), with: old.suffix(Self.page - by) + Data(count: by))
      what += " by \(by)"
    case .misplaced:
      let from = dice.below(pages)
      file.replaceSubrange(range(number), with: sound[which].subdata(in: range(from)))
      what += " is page \(from)"
    case .swapped:
      let other = dice.below(pages)
      file.replaceSubrange(range(number), with: sound[which].subdata(in: range(other)))
      file.replaceSubrange(range(other), with: sound[which].subdata(in: range(number)))
      what += " and \(other)"
    case .cut:
      let length = dice.below(3) == 0 ? dice.below(file.count) : first + number * stride
      file = file.prefix(length)
      what = "\(name) cut to \(length) bytes"
    case .rows: break
    }
    try file.write(to: URL(fileURLWithPath: place.ledger + Self.suffixes[which]))
    return what
  }

  /// Two rows of a table change places, all but their keys.
  private func swapRows(_ place: Place, _ dice: inout Dice) throws -> String {
    var configuration = GRDB.Configuration()
    configuration.foreignKeysEnabled = false
    let queue = try DatabaseQueue(path: place.ledger, configuration: configuration)
    defer { try? queue.close() }
    return try queue.write { db in
      let tables = try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
      ).filter { try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)") ?? 0 > 1 }
      let table = dice.one(tables)
      let key = try db.primaryKey(table).columns
      let unique = try db.indexes(on: table).filter(\.isUnique).flatMap(\.columns)
      let columns = try db.columns(in: table).map(\.name).filter { !key.contains($0) && !unique.contains($0) }
      let rows = try Row.fetchAll(db, sql: "SELECT * FROM \(table)")
      let (a, b) = (dice.one(rows), dice.one(rows))
      guard !columns.isEmpty else { return "no columns to swap in \(table)" }
      for (from, to) in [(a, b), (b, a)] {
        try db.execute(
          sql: "UPDATE \(table) SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")) "
            + "WHERE \(key.map { "\($0) IS ?" }.joined(separator: " AND "))",
          arguments: StatementArguments(
            columns.map { from[$0] as DatabaseValue } + key.map { to[$0] as DatabaseValue }))
      }
      return "rows \(key.map { a[$0] as DatabaseValue }) and \(key.map { b[$0] as DatabaseValue }) of \(table)"
    }
  }
}
