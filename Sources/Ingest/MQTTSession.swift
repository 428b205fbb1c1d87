import Rules

/// How far one connection has come.
struct MQTTSession {
  let filters: [String]
  let began = ContinuousClock.now
  /// When something last came.
  var lastRead = ContinuousClock.now
  /// When we last did not want to hear anything.
  private var lastDeaf = ContinuousClock.now
  /// The broker is gone when it says nothing for so long: it must answer a ping after two thirds of it.
  private let longestSilence: Duration
  private(set) var isCaughtUp = false
  var isSubscribed: Bool { subscribed != nil }
  private var lastMisc = ContinuousClock.now
  /// Our subscriptions that the broker has not answered; nil before they were made.
  private var asked: [Int32: String]?
  private var subscribed: ContinuousClock.Instant?

  init(_ settings: MQTTSettings) {
    filters = Array(Set(settings.mappings.map(\.filter))).sorted()
    longestSilence = .seconds(settings.keepAliveSeconds) * 1.5
  }

  /// Once a second: pings, and ends the link when the broker is silent, as a cut cable leaves it.
  mutating func keepAlive(_ client: MQTTClient, reading: Bool) throws(MQTTFailure) {
    if !reading { lastDeaf = .now }
    guard ContinuousClock.now - lastMisc >= .seconds(1) else { return }
    lastMisc = .now
    guard ContinuousClock.now - max(lastRead, lastDeaf) < longestSilence else {
      throw .silent("nothing came from the broker for \(longestSilence), no answer to a ping either")
    }
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
  var milliseconds: Int {
    Int(clamping: components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}

extension MQTTSettings {
  /// Within what MQTT and the library allow.
  var keepAliveSeconds: Int { Int(min(max(5, keepAlive.microseconds / 1_000_000), 65_535)) }
}
