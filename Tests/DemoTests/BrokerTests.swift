import Demo
import Foundation
import Rules
import Testing

@Suite(.serialized) struct BrokerTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("demo-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  /// Listens with mosquitto's own client, in a session the broker keeps; `count` 0 only subscribes.
  private func listen(_ broker: Broker, count: Int) throws -> [String] {
    let output = "\(broker.folder)/heard.txt"
    let arguments =
      ["-h", "127.0.0.1", "-p", "\(broker.port)", "-t", "riverside/#", "-q", "1", "-c", "-i", "s", "-F", "%t %p"]
      + (count == 0 ? ["-E"] : ["-C", "\(count)", "-W", "10"])
    let client = try ChildProcess("/usr/bin/mosquitto_sub", arguments, log: output)
    if !client.wait(seconds: 15) { client.kill() }
    return try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  @Test func stops_and_starts_again_on_the_same_port() throws {
    try withFolder { folder in
      let broker = try Broker(folder: folder, persistent: false)
      #expect(accepts(port: broker.port))
      let first = broker.pid
      broker.stop()
      #expect(!broker.isRunning)
      #expect(!accepts(port: broker.port))
      try broker.restart()
      #expect(accepts(port: broker.port))
      #expect(broker.pid != first)
      broker.kill()
      #expect(!accepts(port: broker.port))
    }
  }

  @Test func a_dropped_broker_leaves_no_process() throws {
    try withFolder { folder in
      var broker: Broker? = try Broker(folder: folder, persistent: false)
      let pid = try #require(broker?.pid)
      broker = nil
      #expect(!FileManager.default.fileExists(atPath: "/proc/\(pid)"))
    }
  }

  @Test func published_samples_arrive_in_their_form_and_order() throws {
    try withFolder { folder in
      let broker = try Broker(folder: folder, persistent: false)
      _ = try listen(broker, count: 0)
      let publisher = try PlantPublisher(host: "127.0.0.1", port: broker.port)
      var plant = Plant(seed: 1, start: Instant(seconds: 1_760_000_000))
      let samples = plant.advance(to: Instant(seconds: 1_760_000_060))
      try publisher.publish(samples)
      publisher.close()
      let sent = PlantMessage.from(samples).map { "\($0.topic) \($0.payload)" }
      #expect(publisher.acknowledged == sent.count)
      #expect(try listen(broker, count: sent.count) == sent)
    }
  }

  @Test func a_persistent_broker_keeps_what_it_took_while_it_is_away() throws {
    try withFolder { folder in
      let broker = try Broker(folder: folder, persistent: true)
      _ = try listen(broker, count: 0)
      let publisher = try PlantPublisher(host: "127.0.0.1", port: broker.port)
      try publisher.publish([
        Sample(asset: "P-101", tag: "Flow", value: .number(80.5), time: Instant(seconds: 1_760_000_000))
      ])
      publisher.close()
      broker.stop()
      try broker.restart()
      #expect(
        try listen(broker, count: 1) == [
          #"riverside/utilities/P-101/Flow {"value": 80.5, "ts": 1760000000000, "quality": "good"}"#
        ])
    }
  }

  @Test func nobody_listening_is_an_error_with_host_and_port() {
    let port = freePort()
    #expect { try PlantPublisher(host: "127.0.0.1", port: port) } throws: { error in
      "\(error)".hasPrefix("cannot publish to the broker at 127.0.0.1:\(port): ")
    }
  }

  @Test func a_closed_publisher_says_so() throws {
    try withFolder { folder in
      let broker = try Broker(folder: folder, persistent: false)
      let publisher = try PlantPublisher(host: "127.0.0.1", port: broker.port)
      publisher.close()
      publisher.close()
      let sample = Sample(asset: "P-101", tag: "Flow", value: .number(80), time: Instant(seconds: 0))
      #expect(throws: DemoError.self) { try publisher.publish([sample]) }
    }
  }

  @Test func the_live_plant_runs_to_its_end() throws {
    try withFolder { folder in
      let broker = try Broker(folder: folder, persistent: false)
      let publisher = try PlantPublisher(host: "127.0.0.1", port: broker.port)
      let begin = Instant(seconds: 1_760_000_000)
      var copy = Plant(seed: 5, start: begin)
      let live = LivePlant(
        Plant(seed: 5, start: begin), publisher: publisher, clock: DemoClock(start: begin, speed: 3000))
      try live.run(until: begin + .minutes(5))
      #expect(publisher.published == PlantMessage.from(copy.advance(to: begin + .minutes(5))).count)
      live.stop()
      try live.run()
      publisher.close()
    }
  }
}
