import Ingest
import Rules
import Testing

struct MessageDecoderTests {
  static let arrival = Instant(rfc3339: "2026-03-01T12:00:00Z")!

  /// One message through a decoder of one mapping; tags are numbered in the order of `names`.
  func decode(
    _ payload: String, topic: String = "plant/P-101/Flow", as mapping: MessageMapping, asset: String = "P-101",
    names: [String] = ["Flow"], retained: Bool = false, scale: Double = 1, offset: Double = 0
  ) -> Intake {
    let source = SourceID(0)
    var decoder = MessageDecoder(
      source: source, sourceName: "plant", mappings: [mapping],
      bindings: names.enumerated().map {
        Binding(source: source, asset: asset, name: $1, tag: TagID($0), scale: scale, offset: offset)
      })
    var intake = Intake()
    decoder.decode(
      topic: topic, payload: Array(payload.utf8), retained: retained, arrived: Self.arrival, into: &intake)
    return intake
  }

  func changes(_ intake: Intake) -> [TagChange] {
    intake.inputs.compactMap { if case .change(let change) = $0 { change } else { nil } }
  }

  static let topic: [MessageMapping.Level] = [.exactly("plant"), .asset(many: false), .tag(many: false)]
  static let assetTopic: [MessageMapping.Level] = [.exactly("plant"), .asset(many: false)]
  static let words: [String: Quality] = [
    "good": .good, "192": .good, "true": .good, "500": .stale, "maybe": .uncertain,
  ]
  let pump = MessageMapping(
    topic: topic, shape: .value(path: ["value"]), time: ["ts"], quality: ["quality"], qualityWords: words)
  let bare = MessageMapping(topic: topic, shape: .scalar)

  // MARK: One value in an object

  @Test func a_value_has_the_time_and_quality_of_its_message() {
    let intake = decode(#"{"value": 1.82, "ts": 1760000000000, "quality": "good"}"#, as: pump)
    #expect(
      intake.inputs == [
        .change(TagChange(TagID(0), .number(1.82), time: Instant(seconds: 1_760_000_000), arrived: Self.arrival))
      ])
    #expect(intake.deadLetters.isEmpty)
  }

  @Test(arguments: [
    (#""good""#, Quality.good), ("192", .good), ("true", .good), ("500", .stale), (#""maybe""#, .uncertain),
    (#""Good""#, .bad), ("null", .bad), ("{}", .bad), ("192.0", .bad), (#""go\u006Fd""#, .good),
  ])
  func a_quality_word_found_nowhere_is_bad(_ word: String, _ quality: Quality) {
    let intake = decode(#"{"value": 1, "ts": 1760000000000, "quality": \#(word)}"#, as: pump)
    #expect(changes(intake).map(\.quality) == [quality])
  }

  /// A sensor that says `NaN` has failed; taken for unreadable it would pass for silent, and a hold would go on.
  @Test(arguments: [("NaN", Double.nan), ("Infinity", .infinity), ("-Infinity", -.infinity)])
  func a_number_that_is_none_is_a_sample(_ text: String, _ number: Double) throws {
    let intake = decode(#"{"value": \#(text), "ts": 1760000000000, "quality": "good"}"#, as: pump)
    guard case .number(let read)? = changes(intake).first?.value else {
      Issue.record("no number: \(intake)")
      return
    }
    #expect(read.isNaN ? number.isNaN : read == number)
    #expect(intake.deadLetters.isEmpty)
  }

  @Test func a_missing_quality_is_that_of_the_empty_word() {
    var lenient = pump
    lenient.qualityWords[""] = .good
    let message = #"{"value": 1, "ts": 1760000000000}"#
    #expect(changes(decode(message, as: pump)).map(\.quality) == [.bad])
    #expect(changes(decode(message, as: lenient)).map(\.quality) == [.good])
  }

  @Test(arguments: [
    ("true", Value.boolean(true)), ("-3", .number(-3)), (#""81.25""#, .text("81.25")), ("null", .null),
    ("1e999", .number(.infinity)), (#""AUTO""#, .text("AUTO")),
  ])
  func a_value_stays_what_it_was_sent_as(_ text: String, _ value: Value) {
    #expect(
      changes(decode(#"{"value": \#(text), "ts": 1760000000000, "quality": "good"}"#, as: pump)).map(\.value) == [value]
    )
  }

  @Test func null_is_no_change_where_the_mapping_says_so() {
    var absent = pump
    absent.nullIsAbsent = true
    let intake = decode(#"{"value": null, "ts": 1760000000000, "quality": "good"}"#, as: absent)
    #expect(intake.inputs.isEmpty && intake.deadLetters.isEmpty)
  }

  @Test func scale_and_offset_convert_numbers_only() {
    let message = { (value: String) in #"{"value": \#(value), "ts": 1760000000000, "quality": "good"}"# }
    #expect(changes(decode(message("50"), as: pump, scale: 1.8, offset: 32)).map(\.value) == [.number(122)])
    #expect(changes(decode(message(#""50""#), as: pump, scale: 1.8, offset: 32)).map(\.value) == [.text("50")])
  }

  @Test func a_whole_number_no_double_holds_is_uncertain() {
    let message = { (value: String) in #"{"value": \#(value), "ts": 1760000000000, "quality": "good"}"# }
    #expect(changes(decode(message("9007199254740992"), as: pump)).map(\.quality) == [.good])
    #expect(changes(decode(message("9007199254740993"), as: pump)).map(\.quality) == [.uncertain])
  }

  @Test(arguments: [
    ("value", "plant/P-101/Flow", #"{"ts": 1760000000000}"#, "no value"),
    ("list", "plant/P-101/Flow", #"{"value": [1], "ts": 1760000000000}"#, "not a value"),
    ("time", "plant/P-101/Flow", #"{"value": 1}"#, "no time"),
    ("null time", "plant/P-101/Flow", #"{"value": 1, "ts": null}"#, "no time"),
    ("seconds", "plant/P-101/Flow", #"{"value": 1, "ts": 1760000000}"#, "time not credible"),
    ("endless time", "plant/P-101/Flow", #"{"value": 1, "ts": 99999999999999999999999999}"#, "time not credible"),
    ("cut", "plant/P-101/Flow", #"{"value": 1, "ts": 17600"#, "not JSON"),
    ("more", "plant/P-101/Flow", #"{"value": 1, "ts": 1760000000000} x"#, "not JSON"),
    ("twice", "plant/P-101/Flow", #"{"value": 1, "value": 2, "ts": 1760000000000}"#, "the same tag twice"),
    ("asset", "plant/P-999/Flow", #"{"value": 1, "ts": 1760000000000}"#, "unknown asset"),
    ("tag", "plant/P-101/Flaw", #"{"value": 1, "ts": 1760000000000}"#, "unknown tag"),
    ("topic", "plant/P-101", #"{"value": 1, "ts": 1760000000000}"#, "unknown topic"),
    ("no JSON", "plant/P-101/Flow", "81.25 bar", "not JSON"),
  ])
  func what_cannot_be_read_says_why(_ name: String, _ topic: String, _ payload: String, _ reason: String) {
    let intake = decode(payload, topic: topic, as: pump)
    #expect(intake.inputs.isEmpty)
    #expect(intake.deadLetters.map(\.reason) == [reason])
    #expect(
      intake.deadLetters.allSatisfy { $0.payload == Array(payload.utf8) && $0.topic == topic && !$0.detail.isEmpty })
  }

  @Test func a_dead_letter_keeps_a_kilobyte() {
    let intake = decode(String(repeating: "x", count: 5_000), as: pump)
    #expect(intake.deadLetters.map(\.payload.count) == [1024])
  }

  @Test func trailing_NUL_and_byte_order_mark_are_passed_over() {
    let intake = decode("\u{FEFF}{\"value\": 1, \"ts\": 1760000000000}\n\0", as: pump)
    #expect(changes(intake).count == 1)
  }

  // MARK: Times

  @Test(arguments: [
    (MessageMapping.TimeFormat.seconds, "1760000000.25"), (.seconds, "1.76000000025e9"),
    (.milliseconds, "1760000000250"),
    (.microseconds, "1760000000250000"), (.nanoseconds, "1760000000250000999"), (.milliseconds, #""1760000000250""#),
    (.iso(offset: nil), #""2025-10-09T08:53:20.25Z""#), (.iso(offset: nil), #""2025-10-09T10:53:20.250+02:00""#),
    (.iso(offset: .hours(2)), #""2025-10-09T10:53:20.25""#), (.iso(offset: nil), #""2025-10-09T08:53:20.2500009Z""#),
  ])
  func every_format_gives_the_same_moment(_ format: MessageMapping.TimeFormat, _ text: String) {
    var mapping = pump
    mapping.timeFormat = format
    let intake = decode(#"{"value": 1, "ts": \#(text), "quality": "good"}"#, as: mapping)
    #expect(changes(intake).map(\.time) == [Instant(microseconds: 1_760_000_000_250_000)])
  }

  @Test(arguments: ["2025-02-30T00:00:00Z", "2025-10-09T08:53:20", "2025-10-09T24:00:00Z", "yesterday", ""])
  func what_is_no_moment_is_no_time(_ text: String) {
    var mapping = pump
    mapping.timeFormat = .iso(offset: nil)
    #expect(decode(#"{"value": 1, "ts": "\#(text)"}"#, as: mapping).deadLetters.map(\.reason) == ["no time"])
  }

  // MARK: Bare values

  @Test(arguments: [
    ("81.25", Value.number(81.25)), (" -3\r\n", .number(-3)), ("true", .boolean(true)), ("ON", .text("ON")),
    (#""AUTO""#, .text("AUTO")), ("null", .null), ("1,5", .text("1,5")), ("0x1F", .text("0x1F")), ("007", .text("007")),
    ("Infinity", .number(.infinity)), ("-inf", .number(-.infinity)), ("81.25\0", .number(81.25)), ("", .null),
    ("Pump running", .text("Pump running")),
  ])
  func a_bare_value_is_what_it_looks_like(_ payload: String, _ value: Value) {
    let intake = decode(payload, as: bare)
    #expect(changes(intake).map(\.value) == [value])
    #expect(changes(intake).map(\.time) == [Self.arrival])
  }

  @Test func NaN_is_a_number_so_that_it_becomes_bad() {
    guard case .number(let number)? = changes(decode("NaN", as: bare)).first?.value else {
      Issue.record("no number")
      return
    }
    #expect(number.isNaN)
  }

  // MARK: Retained messages

  @Test func retained_without_a_time_is_marked() {
    #expect(changes(decode("1", as: bare, retained: true)).map(\.retainedWithoutTime) == [true])
    #expect(changes(decode("1", as: bare, retained: false)).map(\.retainedWithoutTime) == [false])
    let own = #"{"value": 1, "ts": 1760000000000, "quality": "good"}"#
    #expect(changes(decode(own, as: pump, retained: true)).map(\.retainedWithoutTime) == [false])
  }

  @Test func an_empty_retained_message_is_a_deletion() {
    for mapping in [bare, pump] {
      let intake = decode("", as: mapping, retained: true)
      #expect(intake.inputs.isEmpty && intake.deadLetters.isEmpty)
    }
  }

  // MARK: Keys

  let keys = MessageMapping(
    topic: assetTopic, shape: .keys(path: [], separator: "."), time: ["time", "$date"],
    timeFormat: .milliseconds, quality: ["q"], qualityWords: words, ignore: ["linkquality", "net"])

  @Test func each_key_is_a_tag_and_nested_keys_are_joined() {
    let intake = decode(
      #"{"time": {"$date": 1760000000000}, "q": 192, "t": 81.25, "p": {"in": 3.2, "out": 2.9}, "linkquality": 97, "net": {"ip": "x"}, "m": "A"}"#,
      topic: "plant/P-101", as: keys, names: ["t", "p.in", "p.out", "m"])
    #expect(changes(intake).map(\.value) == [.number(81.25), .number(3.2), .number(2.9), .text("A")])
    #expect(changes(intake).map(\.tag) == (0..<4).map { TagID($0) })
    #expect(changes(intake).allSatisfy { $0.time == Instant(seconds: 1_760_000_000) && $0.quality == .good })
    #expect(intake.deadLetters.isEmpty)
  }

  @Test func keys_below_a_path_leave_the_rest_alone() {
    var mapping = keys
    mapping.shape = .keys(path: ["data", "values"], separator: "/")
    mapping.time = ["ts"]
    mapping.timeFormat = .iso(offset: nil)
    mapping.quality = []
    let intake = decode(
      #"{"ts": "2026-03-01T10:00:00.000Z", "data": {"values": {"a": {"b": 1}}, "other": 2}}"#, topic: "plant/P-101",
      as: mapping,
      names: ["a/b"])
    #expect(
      changes(intake) == [
        TagChange(TagID(0), .number(1), time: Instant(rfc3339: "2026-03-01T10:00:00Z")!, arrived: Self.arrival)
      ])
  }

  @Test func one_bad_key_leaves_the_others() {
    let intake = decode(
      #"{"time": {"$date": 1760000000000}, "q": 192, "a": [1], "b": 2, "new": 3, "newer": 4, "b": 5}"#,
      topic: "plant/P-101",
      as: keys, names: ["a", "b"])
    #expect(changes(intake).map(\.value) == [.number(2)])
    #expect(intake.deadLetters.map(\.reason).sorted() == ["not a value", "the same tag twice", "unknown tag"])
    #expect(intake.deadLetters.contains { $0.detail.contains("`new` and 1 more") })
  }

  @Test func a_tag_of_the_topic_stands_before_the_keys() {
    var mapping = keys
    mapping.topic = Self.topic
    mapping.time = []
    mapping.quality = []
    let intake = decode(#"{"in": 1}"#, topic: "plant/P-101/pressure", as: mapping, names: ["pressure.in"])
    #expect(changes(intake).map(\.value) == [.number(1)])
  }

  // MARK: Arrays

  let array = MessageMapping(
    topic: assetTopic + [.exactly("state")], shape: .array(path: [], name: ["name"], value: ["v"]), time: ["t"],
    timeFormat: .seconds, quality: ["q"], qualityWords: words)

  @Test func each_element_is_a_change() {
    let intake = decode(
      #"[{"name": "Temperature", "v": 861.5, "t": 1760000000, "q": 192}, {"name": "State", "v": 2, "t": 1760000001, "q": 500}]"#,
      topic: "plant/F-301/state", as: array, asset: "F-301", names: ["Temperature", "State"])
    #expect(
      changes(intake) == [
        TagChange(TagID(0), .number(861.5), time: Instant(seconds: 1_760_000_000), arrived: Self.arrival),
        TagChange(TagID(1), .number(2), quality: .stale, time: Instant(seconds: 1_760_000_001), arrived: Self.arrival),
      ])
  }

  @Test func an_element_without_time_takes_the_roots() {
    var mapping = array
    mapping.shape = .array(path: ["values"], name: ["id"], value: ["v"])
    mapping.topic = [.exactly("gateway")]
    mapping.timeFormat = .milliseconds
    let intake = decode(
      #"{"t": 1760000000000, "q": true, "values": [{"id": "Line.Press.T", "v": 1, "t": 1760000001000}, {"id": "Line.Press.U", "v": 2}]}"#,
      topic: "gateway", as: mapping, asset: "", names: ["Line.Press.T", "Line.Press.U"])
    #expect(changes(intake).map(\.time) == [Instant(seconds: 1_760_000_001), Instant(seconds: 1_760_000_000)])
    #expect(changes(intake).map(\.quality) == [.good, .good])
  }

  @Test func one_bad_element_leaves_the_others() {
    let intake = decode(
      #"[{"name": "A", "v": 1, "t": 1760000000, "q": 192}, {"v": 1}, {"name": "X", "v": 1, "t": 1760000000}, {"name": "A", "t": 1760000000}, {"name": "A", "v": {}, "t": 1760000000}, {"name": "A", "v": 1}, 7, {"name": "A", "v": 2, "t": 1760000001, "q": 192}]"#,
      topic: "plant/F-301/state", as: array, asset: "F-301", names: ["A"])
    #expect(changes(intake).map(\.value) == [.number(1), .number(2)])
    #expect(
      intake.deadLetters.map(\.reason) == ["no name", "unknown tag", "no value", "not a value", "no time", "no name"])
  }

  // MARK: Topics

  @Test func many_levels_are_captured_up_to_the_next_fixed_one() {
    var mapping = bare
    mapping.topic = [.exactly("umh"), .asset(many: true), .exactly("_raw"), .tag(many: true)]
    let intake = decode(
      "1", topic: "umh/v1/site/press/_raw/motor/speed", as: mapping, asset: "v1/site/press", names: ["motor/speed"])
    #expect(changes(intake).count == 1)
    #expect(decode("1", topic: "umh/_raw/x", as: mapping).deadLetters.map(\.reason) == ["unknown topic"])
  }

  @Test func the_same_topic_again_means_the_same() {
    let source = SourceID(0)
    var decoder = MessageDecoder(
      source: source, sourceName: "plant", mappings: [bare],
      bindings: [Binding(source: source, asset: "P-101", name: "Flow", tag: TagID(4))])
    var intake = Intake()
    for topic in ["plant/P-101/Flow", "plant/P-101/Flaw", "plant/P-101/Flow", "plant/P-101/Flaw"] {
      decoder.decode(topic: topic, payload: [0x31], retained: false, arrived: Self.arrival, into: &intake)
    }
    #expect(changes(intake).map(\.tag) == [TagID(4), TagID(4)])
    #expect(intake.deadLetters.map(\.reason) == ["unknown tag", "unknown tag"])
  }
}
