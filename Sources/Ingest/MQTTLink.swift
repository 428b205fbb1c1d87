import Foundation
import Rules

/// The thread of an MQTT source: one connection after the other, each driven by its own poll loop.
final class MQTTLink {
  private let id: SourceID
  private let name: String
  private let settings: MQTTSettings
  private let gate: Gate
  private let backOff: BackOff
  private let clock: WallClock
  private let log: @Sendable (String) -> Void
  private let wake: @Sendable () -> Void
  private let hash: MessageHash
  /// Hashes of messages that are not even decoded: the process ended in them.
  private let skipping: Set<UInt64>
  private let note: (any HandNote)?
  private var decoder: MessageDecoder
  private var redelivery: Redelivery
  private var doubt: SessionDoubt
  /// What was read and not yet handed over.
  private var intake = Intake()
  /// What the engine was last told of the link; nil before the first word.
  private var isUp: Bool?
  /// Connections that failed one after the other.
  private var failures = 0

  private static let connectTime = Duration.seconds(10)
  private static let lastingTime = Duration.seconds(30)
  private static let readsInARow = 256

  init(
    id: SourceID, name: String, settings: MQTTSettings, delivered: [MessageMark], decoder: MessageDecoder, gate: Gate,
    backOff: BackOff, skipping: Set<UInt64>, note: (any HandNote)?, clock: @escaping WallClock,
    log: @escaping @Sendable (String) -> Void, wake: @escaping @Sendable () -> Void
  ) {
    self.id = id
    self.name = name
    self.settings = settings
    self.gate = gate
    self.backOff = backOff
    self.skipping = skipping
    self.note = note
    self.clock = clock
    self.log = log
    self.wake = wake
    self.decoder = decoder
    hash = MessageHash(source: name)
    redelivery = Redelivery(delivered: delivered)
    doubt = SessionDoubt(delivered: delivered)
  }

  /// Returns when the source is stopped, or its session was taken.
  func run() {
    while true {
      enter(.connecting)
      do throws(MQTTFailure) {
        try connection()
        return enter(.stopped)
      } catch {
        gate.note { $0.lastFailure = "\(error)" }
        if case .takenOver = error {
          log("source \(name): \(error). Not connecting again: is a second engine running?")
          enter(.takenOver)
          return lost()
        }
        let wait = backOff.wait(after: failures)
        failures += 1
        // Not every broker gives the reason "session taken over"; some only close the link.
        let hint = isUp == true && failures > 3 ? " (does another client use the id \(settings.clientID)?)" : ""
        log("source \(name): \(error)\(hint); next try in \(wait.milliseconds) ms")
        enter(.down)
        lost()
        if stopped(within: wait) { return enter(.stopped) }
      }
    }
  }

  private func enter(_ state: LinkCondition.State) {
    let now = clock()
    gate.note {
      if $0.state != state { $0.since = now }
      $0.state = state
      if state != .up, state != .catchingUp { $0.unacknowledged = 0 }
    }
  }

  private func stopped(within wait: Duration) -> Bool {
    let end = ContinuousClock.now + wait
    while true {
      let standing = gate.standing()
      if standing.stopping { return true }
      if let answer = standing.answer, !settle(answer) { lost() }
      let left = end - ContinuousClock.now
      guard left > .zero else { return false }
      _ = gate.poll(nil, 0, milliseconds: left.milliseconds + 1)
    }
  }

  /// What the engine's answer means; false when what was read must be fetched again.
  private func settle(_ answer: Gate.Answer) -> Bool {
    switch answer {
    case .committed:
      redelivery.keep()
      doubt.committed()
      return true
    case .refused:
      redelivery.forget()
      doubt.refused()
      // Of the link it has to be told anew.
      isUp = nil
      return false
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
    guard try probe(settings.host, settings.port, gate), try announce() else { return }
    let client = try MQTTClient(
      settings,
      events: .init(
        connected: { [unowned self] present in connected(sessionKept: present) },
        message: { [unowned self] in take($0) }))
    client.follows = true
    var session = MQTTSession(settings)
    defer {
      redelivery.end()
      tellMatched()
    }
    do throws(MQTTFailure) {
      try client.connect(settings)
      doubt.asks()
      while true {
        let standing = gate.standing()
        if let answer = standing.answer, !settle(answer), !standing.stopping {
          throw MQTTFailure.refused("what was read could not be kept, so it is fetched again")
        }
        if standing.stopping {
          if redelivery.inHand.isEmpty { client.disconnect() }
          return
        }
        try turn(client, &session, mayRead: standing.mayRead)
      }
    } catch {
      // Refused, or strangers: then it made no session.
      var refused = client.events.answer.map { $0 != 0 } ?? false
      if case .tls = error, client.events.answer == nil { refused = true }
      if refused, doubt.isRefused() {
        intake.marks.append(.answered(id))
        if gate.add(&intake) { wake() }
      }
      throw error
    }
  }

  /// Before the broker is asked for our session, the journal knows that it will be; false when the source was stopped.
  private func announce() throws(MQTTFailure) -> Bool {
    guard !doubt.isAnnounced else { return true }
    var isTold = false
    while true {
      let standing = gate.standing()
      if standing.stopping { return false }
      if let answer = standing.answer {
        guard settle(answer) else {
          throw .refused("the journal cannot be written, so the broker is not asked for anything")
        }
        if isTold {
          doubt.isAnnounced = true
          return true
        }
      }
      // As with messages: what is handed over here, the next answer is about.
      if !isTold, standing.mayRead, gate.beginReading() {
        intake.marks.append(.asked(id))
        if gate.endReading(&intake) { wake() }
        isTold = true
      }
      _ = gate.poll(nil, 0, milliseconds: 1_000)
    }
  }

  /// The broker took us.
  private func connected(sessionKept: Bool) {
    let isGap = doubt.isAnswered(sessionKept: sessionKept)
    redelivery.begin(sessionKept: sessionKept)
    if isGap { report(.newSession) }
    isUp = true
    report(.connected)
    intake.marks.append(.answered(id))
    gate.note { $0.connections += 1 }
    enter(.catchingUp)
    let session = sessionKept ? isGap ? "session there, perhaps not the one we had" : "session kept" : "new session"
    log("source \(name): connected to \(settings.host):\(settings.port), \(session)")
  }

  private func take(_ message: MQTTClient.Message) {
    let hash = hash(message.topic, message.payload)
    if message.packet != 0 {
      let mark = MessageMark(source: id, packet: message.packet, hash: hash)
      if redelivery.hasHad(mark, duplicate: message.duplicate) { return }
      intake.marks.append(mark)
    }
    if !skipping.isEmpty, skipping.contains(hash) { return skip(message, hash) }
    let first = intake.inputs.count
    note?.begin(.message(hash))
    decoder.decode(
      topic: message.topic, payload: message.payload, retained: message.retained, arrived: clock(), into: &intake)
    note?.end()
    if intake.inputs.count > first {
      intake.origins.append(Intake.Origin(hash: hash, inputs: first..<intake.inputs.count))
    }
  }

  /// Kept whole, journalled and acknowledged, and nothing of it is read.
  private func skip(_ message: MQTTClient.Message, _ hash: UInt64) {
    let topic = String(decoding: message.topic, as: UTF8.self)
    let now = clock()
    intake.deadLetters.append(
      DeadLetter(
        source: name, topic: topic, reason: DeadReason.endedTwice.rawValue,
        detail: "\(message.payload.count) bytes, kept whole and not evaluated", payload: Array(message.payload),
        arrived: now, skipped: DeadLetter.Skipped(hash: hash, retained: message.retained)))
    intake.inputs.append(.skipped(SkippedMessage(source: id, topic: topic, hash: hash, arrived: now)))
    log("source \(name): a message on \(topic) is skipped: the engine ended twice in it")
  }

  /// Writes what may be written, waits for the socket, reads what may be read.
  private func turn(_ client: MQTTClient, _ session: inout MQTTSession, mayRead: Bool) throws(MQTTFailure) {
    let events = client.events
    // The library has one queue: whatever is written takes all acknowledgements before it along.
    let mayWrite = redelivery.inHand.isEmpty
    if mayWrite, client.wantsWrite { try client.write() }
    let acknowledging = mayWrite && events.unacknowledged > 0
    // A link that lasted starts the waits anew; one that is closed again and again does not.
    if failures > 0, events.answer == 0, ContinuousClock.now - session.began > Self.lastingTime { failures = 0 }
    let reads = mayRead && !acknowledging && events.unacknowledged < MQTTClient.receiveMaximum
    try session.keepAlive(client, reading: reads)
    try check(client)

    var interest: Int32 = reads ? POLLIN : 0
    if mayWrite, client.waitsForRoom { interest |= Int32(POLLOUT) }
    let hasUnread = reads && client.hasUnread
    let ready = gate.poll(client.socket, interest, milliseconds: hasUnread ? 0 : session.isCaughtUp ? 1_000 : 20)

    if reads, hasUnread || ready & (POLLIN | POLLHUP | POLLERR) != 0 {
      guard gate.beginReading() else { return }
      let failure = read(client)
      if gate.endReading(&intake) { wake() }
      // Where the broker gave a reason, it says more than what the library made of it.
      try checkReason(client)
      if let failure { throw failure }
      session.lastRead = .now
      try check(client)
      try session.progress(client)
    } else if ready & (POLLHUP | POLLERR) != 0 {
      // Gone, and we may not read: what it still holds is delivered again.
      throw .unreachable("the link broke")
    } else if reads, ready & POLLIN == 0, !session.isCaughtUp, gate.beginReading() {
      // As with messages: not between a refusal and our knowing of it.
      if session.catchesUp(events) {
        report(.caughtUp)
        enter(.up)
        tellMatched()
      }
      if gate.endReading(&intake) { wake() }
    }
    if client.follows, session.isSubscribed, !redelivery.isExpecting {
      client.follows = false
      tellMatched()
    }
    gate.note { $0.unacknowledged = events.unacknowledged }
    if events.answer == nil, ContinuousClock.now - session.began > Self.connectTime {
      throw .silent("no answer from \(settings.host):\(settings.port) within \(Self.connectTime)")
    }
  }

  private func tellMatched() {
    let matched = redelivery.takeMatched()
    guard matched > 0 else { return }
    gate.note { $0.matched += matched }
    log("source \(name): \(matched) messages came again that were read before; not evaluated twice")
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
    try checkReason(client)
    if let reason = client.events.disconnected { throw .closed(reason) }
    if client.socket == nil { throw .unreachable("the link is gone") }
  }

  /// The broker's own reasons; below 128 it is the library's code.
  private func checkReason(_ client: MQTTClient) throws(MQTTFailure) {
    if let answer = client.events.answer, answer != 0 {
      throw .refused("the broker refused the connection: \(MQTTClient.words(forAnswer: answer))")
    }
    if let reason = client.events.disconnected, reason >= 128 { throw MQTTFailure(disconnect: reason) }
  }
}
