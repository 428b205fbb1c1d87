import Rules

/// One message as the plant's gateways put it on the broker. Three vendors, three forms.
package struct PlantMessage: Equatable, Sendable {
  package var topic: String
  package var payload: String

  package init(topic: String, payload: String) {
    self.topic = topic
    self.payload = payload
  }

  /// The messages that say these samples, in their order: a message a sample for pumps, one for all samples of a
  /// machine at one time for compressors and ovens. Samples of unknown machines are left out.
  package static func from(_ samples: [Sample]) -> [PlantMessage] {
    var messages: [PlantMessage] = []
    var rest = samples[...]
    while let first = rest.first {
      let together = rest.prefix { $0.asset == first.asset && $0.time == first.time }
      rest = rest.dropFirst(together.count)
      switch first.asset.first {
      case "P": messages += together.map(pump)
      case "K": messages.append(compressor(first.asset, first.time, together))
      case "F": messages.append(oven(first.asset, together))
      default: break
      }
    }
    return messages
  }

  /// `{"value": 1.82, "ts": 1760000000000, "quality": "good"}`
  private static func pump(_ sample: Sample) -> PlantMessage {
    let time = sample.time.microseconds / 1000
    return PlantMessage(
      topic: "riverside/utilities/\(sample.asset)/\(sample.tag)",
      payload: #"{"value": \#(json(sample.value)), "ts": \#(time), "quality": "\#(sample.quality)"}"#)
  }

  /// `{"ts": "2026-03-01T10:00:00.000Z", "values": {"DischargeTemperature": 141.2, ...}}`; it knows no quality, a bad
  /// value is null.
  private static func compressor(_ asset: String, _ time: Instant, _ samples: ArraySlice<Sample>) -> PlantMessage {
    let values = samples.map { #""\#($0.tag)": \#($0.quality == .good ? json($0.value) : "null")"# }
    let seconds = Instant(microseconds: time.microseconds - time.microseconds % 1_000_000)
    let milliseconds = time.microseconds / 1000 % 1000
    let stamp = "\(seconds)".dropLast() + ".\(padded(milliseconds, 3))Z"
    return PlantMessage(
      topic: "riverside/compressors/\(asset)",
      payload: #"{"ts": "\#(stamp)", "values": {\#(values.joined(separator: ", "))}}"#)
  }

  /// `[{"name": "Temperature", "v": 861.5, "t": 1760000000, "q": 192}, ...]`; the state goes as its code.
  private static func oven(_ asset: String, _ samples: ArraySlice<Sample>) -> PlantMessage {
    let codes = ["Idle", "Heating", "Holding", "Cooling"]
    let elements = samples.map { sample in
      var value = json(sample.value)
      if sample.tag == "State", case .text(let name) = sample.value, let code = codes.firstIndex(of: name) {
        value = "\(code)"
      }
      let quality =
        switch sample.quality {
        case .good: 192
        case .stale: 500
        case .uncertain, .bad: 0
        }
      let time = sample.time.microseconds / 1_000_000
      return #"{"name": "\#(sample.tag)", "v": \#(value), "t": \#(time), "q": \#(quality)}"#
    }
    return PlantMessage(topic: "riverside/heat/\(asset)/state", payload: "[\(elements.joined(separator: ", "))]")
  }

  /// The plant's own texts need no escapes: names and batch numbers.
  private static func json(_ value: Value) -> String {
    switch value {
    case .boolean(let flag): "\(flag)"
    case .number(let number): number == number.rounded() ? "\(Int64(number))" : "\(number)"
    case .text(let text): #""\#(text)""#
    case .null: "null"
    }
  }
}

func padded(_ number: some BinaryInteger, _ width: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}
