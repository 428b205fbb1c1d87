import Foundation
import Rules
import Synchronization

/// The plant in motion: advances with the clock and publishes what its instruments read.
package final class LivePlant: Sendable {
  private let plant: Mutex<Plant>
  private let publisher: PlantPublisher
  private let clock: DemoClock
  private let stopped = Mutex(false)
  private let wake = DispatchSemaphore(value: 0)

  package init(_ plant: Plant, publisher: PlantPublisher, clock: DemoClock) {
    self.plant = Mutex(plant)
    self.publisher = publisher
    self.clock = clock
  }

  /// Runs on the caller's thread until plant time is `end` (nil: for ever) or `stop` is called. Throws when the
  /// samples cannot be published.
  package func run(until end: Instant? = nil) throws {
    let end = end ?? .distantFuture
    while !stopped.withLock({ $0 }) {
      let now = min(clock.now, end)
      let samples = plant.withLock { $0.advance(to: now) }
      try publisher.publish(samples)
      if now == end { return }
      let pause = clock.realWait(until: min(end, now.next(multipleOf: .seconds(1))))
      // At high speed a second of the plant is shorter than a thread's nap is worth.
      _ = wake.wait(timeout: .now() + max(0.005, pause.seconds))
    }
  }

  /// Ends `run` at once, from any thread.
  package func stop() {
    stopped.withLock { $0 = true }
    wake.signal()
  }
}
