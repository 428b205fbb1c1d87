import Campaigns
import Ingest
import Rules
import Testing

/// Damaged messages of the shapes that gateways really send: nothing traps, everything ends, and a message either
/// says something or is accounted for.
struct FuzzTests {
  static let payloads = [
    #"{"value": 1.82, "ts": 1760000000000, "quality": "good"}"#,
    #"{"timestamp_ms":1760000000123,"temperature":81.25,"pressure":{"inlet":3.2,"outlet":2.9},"mode":"AUTO"}"#,
    #"{"timestamp":1760000000123,"values":[{"id":"L3.P1.T","v":81.25,"q":true,"t":1760000000900},{"id":"L3.P1.M","v":"AUTO","q":false}]}"#,
    #"[{"name": "Temperature", "v": 861.5, "t": 1760000000, "q": 192}, {"name": "State", "v": 2, "t": 1760000000, "q": 500}]"#,
    #"{"Time":"2026-03-01T09:15:30","S1":"ON","ENERGY":{"Total":3.185,"Power":42},"note":"\u00e9\ud83d\ude00"}"#,
    "81.25", "ON", "NaN", "\"AUTO\"", "-1e-7", "null",
  ]

  static var mappings: [MessageMapping] {
    let words: [String: Quality] = ["good": .good, "192": .good, "true": .good]
    let shapes: [MessageMapping.Shape] = [
      .scalar, .value(path: ["value"]), .value(path: []), .keys(path: [], separator: "."),
      .keys(path: ["ENERGY"], separator: "/"),
      .array(path: [], name: ["name"], value: ["v"]), .array(path: ["values"], name: ["id"], value: ["v"]),
      .array(path: [], name: [], value: []),
    ]
    let times: [([String], MessageMapping.TimeFormat)] = [
      ([], .milliseconds), (["ts"], .milliseconds), (["t"], .seconds), (["Time"], .iso(offset: .zero)),
      (["timestamp"], .nanoseconds),
    ]
    return shapes.enumerated().flatMap { place, shape in
      times.enumerated().map { number, time in
        MessageMapping(
          topic: [.exactly("\(place).\(number)"), .asset(many: number == 1), .tag(many: number == 2)], shape: shape,
          time: time.0, timeFormat: time.1, quality: place.isMultiple(of: 2) ? ["q"] : [], qualityWords: words,
          ignore: ["mode"], nullIsAbsent: number == 3)
      }
    }
  }

  @Test func damaged_messages_neither_trap_nor_vanish() {
    var dice = Dice(Campaign.seed)
    let names = ["", "value", "L3.P1.T", "Temperature", "State", "temperature", "Total", "x.temperature"]
    var decoder = MessageDecoder(
      source: SourceID(0), sourceName: "fuzz", mappings: Self.mappings,
      bindings: names.enumerated().map { Binding(source: SourceID(0), asset: "a", name: $1, tag: TagID($0), scale: 2) })
    var changes = 0
    var letters = 0
    for _ in 0..<Campaign.size(30_000, large: 1_000_000) {
      var payload = Array(dice.one(Self.payloads).utf8)
      for _ in 0..<dice.below(4) where !payload.isEmpty {
        let place = dice.below(payload.count)
        switch dice.below(5) {
        case 0: payload[place] = UInt8(dice.below(256))
        case 1: payload.remove(at: place)
        case 2: payload.removeLast(payload.count - place)
        case 3: payload.insert(contentsOf: Array(dice.one(Self.payloads).utf8), at: place)
        default: payload.insert(dice.one(Array("{}[],:\"\\0-.eEntf".utf8)), at: place)
        }
      }
      let topic = "\(dice.below(9)).\(dice.below(6))/\(dice.one(["a", "b", ""]))/\(dice.one(["x", "value", "é/y"]))"
      var intake = Intake()
      decoder.decode(
        topic: topic, payload: payload, retained: dice.below(9) == 0, arrived: Instant(seconds: 1_760_000_000),
        into: &intake)
      changes += intake.inputs.count
      letters += intake.deadLetters.count
      for letter in intake.deadLetters where DeadReason(rawValue: letter.reason) == nil {
        Issue.record("reason \(letter.reason) is not one of the few; seed \(Campaign.seed)")
      }
    }
    #expect(changes > 100 && letters > 100, "the campaign must see both; seed \(Campaign.seed)")
  }

  @Test func any_bytes_at_all_end() {
    var dice = Dice(Campaign.seed)
    for _ in 0..<Campaign.size(20_000, large: 1_000_000) {
      let bytes = (0..<dice.below(40)).map { _ in
        dice.below(3) == 0 ? UInt8(dice.below(256)) : dice.one(Array("{}[],:\"\\u0129-+.eEtrufalsn ".utf8))
      }
      _ = try? JSONReader.parse(bytes)
    }
  }

  @Test func a_megabyte_of_anything_ends() {
    for piece in ["[", "{\"a\":", "\"", "9", "\\u0041", "-", "[],", "1e9"] {
      let bytes = Array(String(repeating: piece, count: 1_000_000 / piece.utf8.count).utf8)
      #expect(throws: JSONFault.self) { try JSONReader.parse(bytes) }
      #expect(throws: JSONFault.self) { try JSONReader.parse([0x22] + bytes) }
    }
  }
}
