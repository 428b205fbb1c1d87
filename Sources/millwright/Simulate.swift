import ArgumentParser
import Demo
import Foundation
import Rules

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Publishes the simulated Riverside Works to a broker, to try a site's sources and rules on.",
    discussion: "The site must run on the same data time: start it with the real plant's pace (--speed 1).")
  @Option(help: "the broker's host") var host = "127.0.0.1"
  @Option(help: "the broker's port") var port = 1883
  @Option(help: "plant seconds a real second, from now on; more than 1 runs ahead of the clock") var speed = 1.0
  @Option(name: .customLong("for"), help: "how long, in real time; Ctrl-C ends it sooner") var length = "365d"
  @Option(help: "of the plant's noise") var seed: UInt64 = 1
  @OptionGroup var output: FormatOption

  func run() throws {
    guard let length = TimeSpan(length), length > .zero else {
      throw Failure.usage("--for takes a length of time such as 60s or 5min, not '\(length)'")
    }
    guard speed > 0, speed <= 600 else { throw Failure.usage("--speed takes more than 0, at most 600, not \(speed)") }
    let start = systemClock()
    let clock = DemoClock(start: start, speed: speed)
    let plant = Plant(seed: seed, start: start)
    let publisher: PlantPublisher
    do { publisher = try PlantPublisher(host: host, port: port) } catch { throw Failure.cannot("\(error)") }
    let hour = plant.faults(until: start + .hours(1))
    switch output.format {
    case .json:
      print(
        json(
          .fields([
            "broker": .text("\(host):\(port)"),
            "faults": .list(
              hour.map {
                .fields([
                  "asset": .text($0.asset), "onset": .time($0.onset), "repaired": .time($0.repaired),
                  "what": .text($0.sentence),
                ])
              }),
          ])))
    case .text:
      print("publishing to \(host):\(port); faults of the first hour:")
      print(table(["ONSET", "ASSET", "WHAT"], hour.map { ["\($0.onset)", $0.asset, $0.sentence] }))
    }
    fflush(nil)
    let live = LivePlant(plant, publisher: publisher, clock: clock)
    let stopping = Stopping { live.stop() }
    defer { withExtendedLifetime(stopping) {} }
    try live.run(until: start + TimeSpan(microseconds: Int64(Double(length.microseconds) * speed)))
    publisher.close()
  }
}
