import Campaigns
import Foundation
import Ingest
import Rules
import Testing

/// Damaged files and files of noise: nothing traps, everything ends, memory stays bounded, and a row is either taken or
/// accounted for.
struct DataFileFuzzTests {
  static let files = [
    "time,asset,tag,value,quality\n2026-03-01T10:00:00Z,P-1,Flow,1.5,good\n2026-03-01 10:01:00,P-2,Running,true,192\n",
    "time;Flow;Running;Batch\n1772359200;1,5;0;\"a;b\"\n1772359200000;-1e-7;ON;c\n26.03.2026;NaN;;\n",
    "asset\ttime\tFlow\nP-1\t2026-03-29T02:30:00\t1\nEast/Twin\t2026-10-25T02:30:00\t2\n",
    #"{"time":1772359200,"asset":"P-1","tag":"Flow","value":1.5,"quality":"bad"}"# + "\n"
      + #"{"time":"2026-03-01T10:00:00+01:00","asset":"P-2","tag":"Batch","value":"x\u00e9"}"# + "\n",
  ]

  @Test func damaged_files_neither_trap_nor_lose_rows_silently() throws {
    var dice = Dice(Campaign.seed)
    var taken = 0
    var named = 0
    for _ in 0..<Campaign.size(3_000, large: 300_000) {
      var bytes = Array(dice.one(Self.files).utf8)
      for _ in 0..<dice.below(6) where !bytes.isEmpty {
        let place = dice.below(bytes.count)
        switch dice.below(6) {
        case 0: bytes[place] = UInt8(dice.below(256))
        case 1: bytes.remove(at: place)
        case 2: bytes.removeLast(bytes.count - place)
        case 3: bytes.insert(contentsOf: Array(dice.one(Self.files).utf8), at: place)
        case 4: bytes.insert(dice.one(Array(",;\t\"\n\r\\0-.eE:TZ+{}".utf8)), at: place)
        default: bytes.insert(contentsOf: repeatElement(bytes[place], count: dice.below(50)), at: place)
        }
      }
      guard let read = try? read(bytes, &dice) else { continue }
      taken += read.changes.count
      named += read.report.troubles.reduce(0) { $0 + $1.count }
      #expect(read.report.values == read.changes.count, "seed \(Campaign.seed)")
      #expect(read.report.rows <= bytes.count, "seed \(Campaign.seed)")
      // No row of these files is more than three values and three empty cells.
      #expect(read.report.values <= 3 * read.report.rows, "seed \(Campaign.seed)")
      let silent = read.report.rows - read.report.unreadableRows - read.report.values - read.report.empty
      #expect(
        silent <= read.report.rows && (silent <= 0 || !read.report.unknownColumns.isEmpty), "seed \(Campaign.seed)")
    }
    #expect(taken > 1000 && named > 1000, "the campaign must see both; seed \(Campaign.seed)")
  }

  @Test func any_bytes_at_all_end() {
    var dice = Dice(Campaign.seed)
    for _ in 0..<Campaign.size(2_000, large: 300_000) {
      let head = dice.one(["", "time,Flow\n", "time,asset,tag,value\n", "{", "\u{1F}\u{8B}"])
      let bytes = Array(head.utf8) + (0..<dice.below(200)).map { _ in UInt8(dice.below(256)) }
      _ = try? read(bytes, &dice)
    }
  }

  @Test func damaged_packing_is_an_error_and_no_more() throws {
    var dice = Dice(Campaign.seed)
    let packed = try gzip("time,Flow\n" + (0..<2000).map { "\(1_772_359_200 + $0),\($0 % 7)\n" }.joined())
    for _ in 0..<Campaign.size(500, large: 50_000) {
      var bytes = packed
      bytes[dice.below(bytes.count)] = UInt8(dice.below(256))
      if dice.below(3) == 0 { bytes.removeLast(dice.below(bytes.count)) }
      _ = try? History(bytes: bytes) { $0.asset = "P-1" }
    }
  }

  @Test func a_megabyte_of_anything_ends() {
    for piece in ["\"", ",", "\n", "1,", "\"\n", "{\"time\":", "9", "\u{0}", "time,"] {
      let bytes = Array(String(repeating: piece, count: 1_200_000 / piece.utf8.count).utf8)
      _ = try? History(bytes: bytes) { $0.asset = "P-1" }
      _ = try? History(bytes: Array("time,Flow\n".utf8) + bytes) { $0.asset = "P-1" }
    }
  }

  private func read(_ bytes: [UInt8], _ dice: inout Dice) throws -> History {
    let (asset, comma, local) = (dice.below(2) == 0, dice.below(2) == 0, dice.below(2) == 0)
    return try History(bytes: bytes) {
      if asset { $0.asset = "P-1" }
      if comma { $0.decimal = UInt8(ascii: ",") }
      if local { $0.zone = DataFileTests.paris }
    }
  }
}
