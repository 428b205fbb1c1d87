import Rules
import Testing

@Suite struct CodecTests {
  static let key = DecisionKey(rule: "r", asset: "Works/Ä", time: Instant(microseconds: -1), repeated: 2)
  static let samples: [Input] = [
    .change(TagChange(TagID(7), .number(.pi), time: Instant(seconds: 1), arrived: Instant(seconds: 3))),
    .change(
      TagChange(TagID(0), .text("Füllen"), quality: .stale, time: Instant(seconds: -1), retainedWithoutTime: true)),
    .change(TagChange(TagID(0), .null, quality: .uncertain, time: .distantPast, arrived: .distantFuture)),
    .change(TagChange(TagID(1), .boolean(true), quality: .bad, time: .distantFuture, arrived: .distantPast)),
    .tick(SourceID(3), Instant(microseconds: 1)), .source(SourceID(1), .newSession, Instant(seconds: 9)),
    .bind(TagID(4), asset: "a/b", tag: "T", assetClass: "C"), .config(.zero),
    .fault(Fault(rule: "r", asset: "a", cause: "rules/r.lua:1: \n")),
    .fault(Fault(rule: "r", asset: "a", cause: "took 0.21 s", kind: .exhausted)),
    .fault(Fault(rule: "r", asset: "a", cause: "took 0.21 s", kind: .overtime)),
    .fault(Fault(rule: "r", asset: "a", cause: "took 0.21 s", kind: .overtimeOfActions)),
    .command(
      .attempted(
        Attempt(
          action: ActionKey(decision: key, number: 1), number: 3, began: Instant(seconds: 1),
          ended: Instant(seconds: 2),
          status: 503, receipt: .tryAgain(after: .seconds(2), why: "busy"), next: .ready, due: Instant(seconds: 4)))),
    .command(
      .attempted(
        Attempt(
          action: ActionKey(decision: key, number: 1), number: 1, began: Instant(seconds: 1),
          ended: Instant(seconds: 2),
          status: nil, receipt: .accepted(reference: "WO-1"), next: .settled, due: nil))),
  ]

  @Test(arguments: samples) func an_input_reads_back_as_it_was(input: Input) throws {
    var writer = ByteWriter()
    input.encode(into: &writer)
    var reader = ByteReader(writer.bytes)
    #expect(try Input(from: &reader) == input)
    #expect(reader.atEnd)
  }

  @Test func every_bit_of_a_number_survives_even_of_a_nan() throws {
    for pattern in [0, 1, UInt64.max, 0x7FF8_0000_0000_0001, 0x8000_0000_0000_0000] {
      var writer = ByteWriter()
      writer.double(Double(bitPattern: pattern))
      var reader = ByteReader(writer.bytes)
      #expect(try reader.double().bitPattern == pattern)
    }
  }

  @Test(arguments: [Int64.min, -1, 0, 1, 63, 64, .max]) func integers_of_every_size_read_back(number: Int64) throws {
    var writer = ByteWriter()
    writer.integer(number)
    var reader = ByteReader(writer.bytes)
    #expect(try reader.integer() == number)
  }

  /// Damage is refused or read as something else; it never traps and never reads past the end.
  @Test func damaged_bytes_never_trap() {
    var random = SplitMix(seed: 20_260_301)
    for input in CodecTests.samples {
      var writer = ByteWriter()
      input.encode(into: &writer)
      for _ in 0..<2_000 {
        var bytes = writer.bytes
        switch random.next() % 3 {
        case 0: bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.removeLast(Int(random.next() % UInt64(bytes.count)) + 1)
        default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: Int(random.next() % UInt64(bytes.count)))
        }
        var reader = ByteReader(bytes)
        _ = try? Input(from: &reader)
        #expect(reader.offset <= bytes.count)
      }
    }
  }

  @Test(arguments: [
    ("2013-12-05T18:00:00Z", 1_386_266_400_000_000), ("1970-01-01T00:00:00.000001Z", 1),
    ("2000-02-29T23:59:59.123Z", 951_868_799_123_000), ("1969-12-31T23:59:59Z", -1_000_000),
    ("2026-10-25T02:30:00+02:00", 1_792_888_200_000_000),
  ])
  func rfc_3339_reads_and_writes(text: String, microseconds: Int64) throws {
    let instant = try #require(Instant(rfc3339: text))
    #expect(instant.microseconds == microseconds)
    #expect(Instant(rfc3339: instant.description) == instant)
  }

  @Test(arguments: [
    "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "x", "2026-01-01T00:00:00.Z",
  ])
  func what_is_no_time_is_refused(text: String) { #expect(Instant(rfc3339: text) == nil) }

  @Test(arguments: [("2 min", 120.0), ("1.5h", 5400), ("500 ms", 0.5), ("0 s", 0), ("8 h", 28_800), ("1 d", 86_400)])
  func lengths_of_time_read(text: String, seconds: Double) { #expect(TimeSpan(text)?.seconds == seconds) }

  @Test(arguments: ["2", "min", "-1 s", "1 fortnight", "2000000 d", ""])
  func what_is_no_length_of_time_is_refused(text: String) { #expect(TimeSpan(text) == nil) }
}

/// A small seeded generator (Steele, Lea, Flood: SplitMix64), the same on every machine.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
