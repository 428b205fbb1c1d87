import Foundation
import Rules

/// Tag changes from an MQTT broker: MQTT 5, QoS 1, a session that outlives us. A message is acknowledged only
/// after `committed`; what was read and not committed, the broker delivers again.
///
/// It reconnects by itself for as long as it runs. Only when another client takes its session does it stop: two
/// engines under one client id would take it from each other for ever.
package final class MQTTSource: Source {
  package let id: SourceID
  private let name: String
  private let settings: MQTTSettings
  private let bindings: [Binding]
  private let clock: WallClock
  private let log: @Sendable (String) -> Void
  private let gate: Gate
  private let backOff: BackOff
  private let skipping: Set<UInt64>
  private let note: @Sendable () -> (any HandNote)?

  /// `log` gets a sentence when the link comes or goes, from the source's thread. Messages whose hash is in `skipping`
  /// become dead letters, whole. `note` is asked once, on the source's thread, where that leaves word of the message it
  /// decodes. Throws when the process has no descriptors left.
  package init(
    id: SourceID, name: String, settings: MQTTSettings, bindings: [Binding], backOff: BackOff = BackOff(),
    skipping: Set<UInt64> = [], note: @escaping @Sendable () -> (any HandNote)? = { nil }, clock: @escaping WallClock,
    log: @escaping @Sendable (String) -> Void
  ) throws {
    self.id = id
    self.name = name
    self.settings = settings
    self.bindings = bindings
    self.clock = clock
    self.log = log
    self.backOff = backOff
    self.skipping = skipping
    self.note = note
    gate = try Gate(since: clock())
  }

  /// Throws when the settings cannot work, such as a TLS file that cannot be read. An unreachable broker is no
  /// error: it is tried again.
  package func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) throws {
    _ = try MQTTClient(settings, events: .init(connected: { _ in }, message: { _ in }))
    let mine = delivered.filter { $0.source == id }
    gate.began()
    let make: @Sendable () -> MQTTLink = { [id, name, settings, bindings, backOff, skipping, note, clock, log, gate] in
      let decoder = MessageDecoder(source: id, sourceName: name, mappings: settings.mappings, bindings: bindings)
      return MQTTLink(
        id: id, name: name, settings: settings, delivered: mine, decoder: decoder, gate: gate, backOff: backOff,
        skipping: skipping, note: note(), clock: clock, log: log, wake: wake)
    }
    let thread = Thread { [gate] in
      make().run()
      gate.ended()
    }
    thread.name = "mqtt \(name)"
    thread.start()
  }

  /// How the link is now; to be asked from any thread.
  package var condition: LinkCondition { gate.condition }

  package func take(into intake: inout Intake) { gate.take(into: &intake) }
  package func hold() { gate.hold() }
  package func committed() { gate.answer(.committed) }
  package func refused() { gate.answer(.refused) }
  package func stop() { gate.stop(waiting: 5) }
}
