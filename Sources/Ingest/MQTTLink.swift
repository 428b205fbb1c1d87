import Foundation
import Rules

/// The thread of an MQTT source: one connection after the other, each driven by its own poll loop.
final class MQTTLink {
  private let id: SourceID
  private let name: String
  private let settings: MQTTSettings
  private let gate: Gate
  private let clock: WallClock
  private let log: @Sendable (String) -> Void
  private let wake: @Sendable () -> Void
  private var decoder: MessageDecoder
  /// What was read and not yet handed over.
  private var intake = Intake()
  /// What the engine was last told of the link; nil before the first word.
  private var isUp: Bool?
  /// A lost session was reported, and the report is not yet on disk.
  private var gapUnsaved = false
  /// Connections that failed one after the other.
  private var failures = 0

  private static let connectTime = Duration.seconds(10)
  private static let lastingTime = Duration.seconds(30)
  private static let readsInARow = 256

  init(
    id: SourceID, name: String, settings: MQTTSettings, decoder: MessageDecoder, gate: Gate,
    clock: @escaping WallClock, log: @escaping @Sendable (String) -> Void, wake: @escaping @Sendable () -> Void
  ) {
    self.id = id
    self.name = name
    self.settings = settings
    self.decoder = decoder
    self.gate = gate
    self.clock = clock
    self.log = log
    self.wake = wake
  }

  /// Returns when the source is stopped, or its session was taken.
  func run() {
    while true {
      do throws(MQTTFailure) {
        try connection()
        return
      } catch {
        if case .takenOver = error {
          log("source \(name): \(error). Not connecting again: is a second engine running?")
          return lost()
        }
        let wait = pause()
        // Not every broker gives the reason "session taken over"; some only close the link.
        let hint = isUp == true && failures > 3 ? " (does another client use the id \(settings.clientID)?)" : ""
        log("source \(name): \(error)\(hint); next try in \(wait)")
        lost()
        if stopped(within: wait) { return }
      }
    }
  }

  /// 1 s to 30 s, doubling, less up to half of it: engines that lost one broker do not all return at once.
  private func pause() -> Duration {
    let longest = min(30_000, 1_000 << min(failures, 5))
    failures += 1
    return .milliseconds(Int.random(in: (longest / 2)...longest))
  }

  private func stopped(within wait: Duration) -> Bool {
    let end = ContinuousClock.now + wait
    while true {
      let standing = gate.standing()
      if standing.stopping { return true }
      if let answer = standing.answer { settle(answer) }
      let left = end - ContinuousClock.now
      guard left > .zero else { return false }
      _ = gate.poll(nil, 0, milliseconds: left.milliseconds + 1)
    }
  }

  /// What an answer means while there is no link: nothing waits for acknowledgement.
  private func settle(_ answer: Gate.Answer) {
    switch answer {
    case .committed: gapUnsaved = false
    case .refused:
      isUp = nil
      lost()
    }
  }

  private func lost() {
    guard isUp != false else { return }
    isUp = false
    report(.lost)
    if gate.add(&intake) { wake() }
  }

  private func report(_ event: LinkEvent) { intake.inputs.append(.source(id, event, clock())) }

  /// One connection from its beginning to its end; returns when the source is stopped.
  private func connection() throws(MQTTFailure) {
    guard try probe(settings.host, settings.port, gate) else { return }
    let client = try MQTTClient(
      settings,
      events: .init(
        connected: { [unowned self] present in
          if !present || gapUnsaved {
            gapUnsaved = true
            report(.newSession)
          }
          isUp = true
          report(.connected)
          log(
            "source \(name): connected to \(settings.host):\(settings.port), \(present ? "session kept" : "new session")"
          )
        },
        message: { [unowned self] topic, payload, retained in
          decoder.decode(topic: topic, payload: payload, retained: retained, arrived: clock(), into: &intake)
        }))
    try client.connect(settings)
    var session = MQTTSession(filters: Array(Set(settings.mappings.map(\.filter))).sorted())
    while true {
      let standing = gate.standing()
      if standing.stopping {
        client.disconnect()
        return
      }
      switch standing.answer {
      case .committed:
        gapUnsaved = false
        session.acknowledging = true
      case .refused:
        isUp = nil
        throw .refused("what was read could not be kept, so it is fetched again")
      case nil: break
      }
      try turn(client, &session, mayRead: standing.mayRead)
    }
  }

  /// Writes what may be written, waits for the socket, reads what may be read.
  private func turn(_ client: MQTTClient, _ session: inout MQTTSession, mayRead: Bool) throws(MQTTFailure) {
    let events = client.events
    // The library has one queue: whatever is written takes all acknowledgements before it along.
    let mayWrite = session.acknowledging || events.unacknowledged == 0
    if mayWrite, client.wantsWrite { try client.write() }
    if !client.wantsWrite { session.acknowledging = false }
    // A link that lasted starts the waits anew; one that is closed again and again does not.
    if failures > 0, events.answer == 0, ContinuousClock.now - session.began > Self.lastingTime { failures = 0 }
    try session.keepAlive(client)
    try check(client)

    let full = events.unacknowledged >= MQTTClient.receiveMaximum
    let reads = mayRead && !full && !session.acknowledging
    var interest: Int32 = reads ? POLLIN : 0
    if client.wantsWrite, session.acknowledging || events.unacknowledged == 0 { interest |= Int32(POLLOUT) }
    let ready = gate.poll(client.socket, interest, milliseconds: session.isCaughtUp ? 1_000 : 20)

    if reads, ready & (POLLIN | POLLHUP | POLLERR) != 0 {
      guard gate.beginReading() else { return }
      let failure = read(client)
      if gate.endReading(&intake) { wake() }
      // Where the broker gave a reason, it says more than the end of the link.
      try checkReason(client)
      if let failure { throw failure }
      session.lastRead = .now
      try check(client)
      try session.progress(client)
    } else if ready & (POLLHUP | POLLERR) != 0 {
      // Gone, and we may not read: what it still holds is delivered again.
      throw .unreachable("the link broke")
    } else if reads, ready & POLLIN == 0, session.catchesUp(events) {
      report(.caughtUp)
      if gate.add(&intake) { wake() }
    }
    if events.answer == nil, ContinuousClock.now - session.began > Self.connectTime {
      throw .silent("no answer from \(settings.host):\(settings.port) within \(Self.connectTime)")
    }
  }

  /// Reads until the socket is empty or it is time to hand over.
  private func read(_ client: MQTTClient) -> MQTTFailure? {
    do throws(MQTTFailure) {
      for _ in 0..<Self.readsInARow {
        guard client.events.unacknowledged < MQTTClient.receiveMaximum, try client.read() else { break }
      }
      return nil
    } catch {
      return error
    }
  }

  private func check(_ client: MQTTClient) throws(MQTTFailure) {
    if let answer = client.events.answer, answer != 0 {
      throw .refused("the broker refused the connection: \(MQTTClient.words(forReason: answer))")
    }
    try checkReason(client)
    if client.socket == nil { throw .unreachable("the link is gone") }
  }

  private func checkReason(_ client: MQTTClient) throws(MQTTFailure) {
    if let reason = client.events.disconnected { throw MQTTFailure(disconnect: reason) }
  }
}

/// How far one connection has come.
private struct MQTTSession {
  let filters: [String]
  let began = ContinuousClock.now
  /// Everything read is on disk, and its acknowledgements are being written.
  var acknowledging = false
  var lastRead = ContinuousClock.now
  private(set) var isCaughtUp = false
  private var lastMisc = ContinuousClock.now
  /// Our subscriptions that the broker has not answered; nil before they were made.
  private var asked: [Int32: String]?
  private var subscribed: ContinuousClock.Instant?

  init(filters: [String]) { self.filters = filters }

  mutating func keepAlive(_ client: MQTTClient) throws(MQTTFailure) {
    guard ContinuousClock.now - lastMisc >= .seconds(1) else { return }
    lastMisc = .now
    try client.misc()
  }

  /// Subscribes after the broker took us, and checks what it grants.
  mutating func progress(_ client: MQTTClient) throws(MQTTFailure) {
    guard client.events.answer == 0 else { return }
    if asked == nil {
      var asked: [Int32: String] = [:]
      for filter in filters { asked[try client.subscribe(filter)] = filter }
      self.asked = asked
    }
    for (id, qos) in client.events.granted {
      guard let filter = asked?.removeValue(forKey: id) else { continue }
      guard qos == 1 else {
        let granted = qos >= 128 ? "nothing" : "QoS \(qos)"
        throw .refused("the broker grants \(granted) for the filter \(filter), not QoS 1")
      }
    }
    client.events.granted = []
    if asked?.isEmpty == true, subscribed == nil { subscribed = .now }
  }

  /// Asked when the socket is empty: whether everything the broker had kept for us has now been read. That is so
  /// 50 ms after the last message; on a link that is never quiet for so long, 2 s after the subscription, unless
  /// so much waits for acknowledgement that a broker might hold more back; and 30 s after it in any case.
  mutating func catchesUp(_ events: MQTTClient.Events) -> Bool {
    guard !isCaughtUp, let subscribed else { return false }
    let now = ContinuousClock.now
    let since = now - subscribed
    let quiet = now - max(lastRead, subscribed) >= .milliseconds(50) && events.unacknowledged == 0
    guard quiet || (since >= .seconds(2) && events.unacknowledged < 20) || since >= .seconds(30) else { return false }
    isCaughtUp = true
    return true
  }
}

extension Duration {
  fileprivate var milliseconds: Int {
    Int(clamping: components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
