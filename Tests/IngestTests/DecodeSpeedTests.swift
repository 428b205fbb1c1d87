import Campaigns
import Ingest
import Rules
import Testing

/// How fast messages become changes; only in large campaigns, and only printed.
@Suite(.enabled(if: Campaign.isLarge), .serialized) struct DecodeSpeedTests {
  @Test(arguments: [
    #"{"value": 1.82, "ts": 1760000000000, "quality": "good"}"#,
    #"{"value": 1.82, "ts": "2026-03-01T10:00:00.000Z", "quality": "good"}"#,
  ])
  func of_one_value(_ message: String) {
    let topics = (0..<1_000).map { Array("riverside/utilities/P-\($0)/SuctionPressure".utf8) }
    var mapping = MessageMapping(
      topic: [.exactly("riverside"), .exactly("utilities"), .asset(many: false), .tag(many: false)],
      shape: .value(path: ["value"]), time: ["ts"], quality: ["quality"], qualityWords: ["good": .good])
    if message.contains("Z\"") { mapping.timeFormat = .iso(offset: nil) }
    var decoder = MessageDecoder(
      source: SourceID(0), sourceName: "plant", mappings: [mapping],
      bindings: (0..<1_000).map {
        Binding(source: SourceID(0), asset: "P-\($0)", name: "SuctionPressure", tag: TagID($0))
      })
    let payload = Array(message.utf8)
    var intake = Intake()
    let rounds = 2_000
    var count = 0
    let time = ContinuousClock().measure {
      for _ in 0..<rounds {
        for topic in topics {
          topic.withUnsafeBufferPointer { topic in
            payload.withUnsafeBufferPointer { payload in
              decoder.decode(
                topic: topic, payload: payload, retained: false, arrived: Instant(seconds: 1_760_000_000), into: &intake
              )
            }
          }
        }
        count += intake.inputs.count
        intake.inputs.removeAll(keepingCapacity: true)
      }
    }
    print("decode: \(Int(Double(count) / (time / .seconds(1)))) messages/s of \(message)")
    #expect(count == rounds * topics.count)
  }
}
