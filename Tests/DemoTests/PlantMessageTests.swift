import Demo
import Rules
import Testing

private let time = Instant(seconds: 1_760_000_000)

private func sample(_ asset: String, _ tag: String, _ value: Value, _ quality: Quality = .good) -> Sample {
  Sample(asset: asset, tag: tag, value: value, quality: quality, time: time)
}

@Suite struct PlantMessageTests {
  @Test func a_pump_sends_a_message_a_value() {
    let messages = PlantMessage.from([
      sample("P-101", "SuctionPressure", .number(1.82)), sample("P-101", "Running", .boolean(true), .bad),
    ])
    #expect(
      messages == [
        PlantMessage(
          topic: "riverside/utilities/P-101/SuctionPressure",
          payload: #"{"value": 1.82, "ts": 1760000000000, "quality": "good"}"#),
        PlantMessage(
          topic: "riverside/utilities/P-101/Running",
          payload: #"{"value": true, "ts": 1760000000000, "quality": "bad"}"#),
      ])
  }

  @Test func a_compressor_sends_all_its_values_at_once() {
    let messages = PlantMessage.from([
      sample("K-201", "DischargeTemperature", .number(141.2)), sample("K-201", "Running", .boolean(true)),
      sample("K-201", "Starts", .number(1249)), sample("K-202", "OilPressure", .number(3.5), .bad),
    ])
    #expect(
      messages == [
        PlantMessage(
          topic: "riverside/compressors/K-201",
          payload: #"{"ts": "2025-10-09T08:53:20.000Z", "#
            + #""values": {"DischargeTemperature": 141.2, "Running": true, "Starts": 1249}}"#),
        PlantMessage(
          topic: "riverside/compressors/K-202",
          payload: #"{"ts": "2025-10-09T08:53:20.000Z", "values": {"OilPressure": null}}"#),
      ])
  }

  @Test func an_oven_sends_a_list_with_its_state_as_a_code() {
    let messages = PlantMessage.from([
      sample("F-301", "State", .text("Holding")), sample("F-301", "Temperature", .number(861.5), .stale),
      sample("F-301", "BatchId", .text("B-301-481"), .bad),
    ])
    #expect(
      messages == [
        PlantMessage(
          topic: "riverside/heat/F-301/state",
          payload: #"[{"name": "State", "v": 2, "t": 1760000000, "q": 192}, "#
            + #"{"name": "Temperature", "v": 861.5, "t": 1760000000, "q": 500}, "#
            + #"{"name": "BatchId", "v": "B-301-481", "t": 1760000000, "q": 0}]"#)
      ])
  }
}
