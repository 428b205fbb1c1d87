import CMosquitto
import Foundation
import Rules

/// One connection to a broker: libmosquitto, MQTT 5, driven from outside. Nothing is written unless `write` is
/// called, so the acknowledgement of what was read waits until then. It lives for one connection: what was not
/// written when it goes is never sent, and the broker delivers those messages again. What the broker sends passes the
/// relay, which lets the library read well-formed packets only.
///
/// Made and used on one thread.
final class MQTTClient {
  /// One message. The bytes are the library's, and only for the call.
  struct Message {
    var topic: UnsafeBufferPointer<UInt8>
    var payload: UnsafeBufferPointer<UInt8>
    var retained: Bool
    /// Its packet id; 0 with QoS 0.
    var packet: UInt16
    /// The broker's word on whether it was delivered before; nil when `follow` is off.
    var duplicate: Bool?
  }

  /// What the library told us, in plain words, for the thread that drives it.
  final class Events {
    /// The broker's answer to CONNECT: its reason code, 0 for yes.
    var answer: Int32?
    /// Its answers to our subscriptions, by message id.
    var granted: [(id: Int32, qos: Int32)] = []
    /// The link is gone, with the broker's or the library's reason.
    var disconnected: Int32?
    /// Messages that came with QoS 1 since the last write: as many acknowledgements wait.
    var unacknowledged = 0
    /// Whether the broker says of the message at hand that it was delivered before; nil when nobody listens for it.
    fileprivate var isDuplicate: Bool?
    let message: (Message) -> Void
    /// Called when the broker took us, before the first message: whether it had kept our session.
    let connected: (Bool) -> Void
    init(connected: @escaping (Bool) -> Void, message: @escaping (Message) -> Void) {
      self.connected = connected
      self.message = message
    }
  }

  let events: Events
  private let handle: OpaquePointer
  private let box: Unmanaged<Events>
  private let tls: TLSContext?
  /// There once it is connected.
  private var relay: Relay?

  /// Initialised once for the process, never cleaned up: the library forbids both twice.
  private static let library: Int32 = mosquitto_lib_init()

  /// Largest number of unacknowledged messages that MQTT can announce.
  static let receiveMaximum = 65_535

  /// A client of these settings, not yet connected.
  init(_ settings: MQTTSettings, events: Events) throws(MQTTFailure) {
    _ = Self.library
    if let files = settings.tls { tls = try TLSContext(files) } else { tls = nil }
    let box = Unmanaged.passRetained(events)
    guard let handle = mosquitto_new(settings.clientID, false, box.toOpaque()) else {
      box.release()
      throw .setting("client id \(settings.clientID) refused")
    }
    self.events = events
    self.handle = handle
    self.box = box
    try check("MQTT 5", mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5))
    try check("receive maximum", mosquitto_int_option(handle, MOSQ_OPT_RECEIVE_MAXIMUM, Int32(Self.receiveMaximum)))
    // Acknowledgements are then only queued, and written by `write` alone.
    try check("threads", mosquitto_threaded_set(handle, true))
    if let user = settings.username {
      try check("user and password", mosquitto_username_pw_set(handle, user, settings.password?.reveal))
    }
    listen()
  }

  deinit {
    mosquitto_destroy(handle)
    box.release()
  }

  /// Opens the connection and queues CONNECT. Blocks for name look-up and TCP: probe the address first.
  func connect(_ settings: MQTTSettings) throws(MQTTFailure) {
    var list: OpaquePointer?
    mosquitto_property_add_int32(
      &list, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue),
      UInt32(clamping: settings.sessionExpiry.microseconds / 1_000_000))
    mosquitto_property_add_int32(
      &list, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue), UInt32(clamping: settings.largestMessage))
    defer { mosquitto_property_free_all(&list) }
    try check(
      "connect to \(settings.host):\(settings.port)",
      mosquitto_connect_bind_v5(
        handle, settings.host, Int32(clamping: settings.port),
        Int32(settings.keepAliveSeconds), nil, list))
    // CONNECT is queued and not yet written.
    relay = try Relay(
      taking: mosquitto_socket(handle), tls: tls, host: settings.host, largest: settings.largestMessage)
  }

  /// Queues a subscription at QoS 1; its id. Retained messages come only if the session did not have it already.
  func subscribe(_ filter: String) throws(MQTTFailure) -> Int32 {
    var id: Int32 = 0
    let options = Int32(MQTT_SUB_OPT_SEND_RETAIN_NEW.rawValue)
    try check("subscribe to \(filter)", mosquitto_subscribe_v5(handle, &id, filter, 1, options, nil))
    return id
  }

  /// Descriptor of the open link; nil when it is closed.
  var socket: Int32? { mosquitto_socket(handle) >= 0 ? relay?.descriptor : nil }

  var wantsWrite: Bool { mosquitto_want_write(handle) || relay?.wantsWrite == true }

  /// Whether the link has to be waited for until it takes bytes: what `write` left waits for that.
  var waitsForRoom: Bool { relay?.waitsForRoom == true }

  /// Whether a packet is there that polling the link does not show.
  var hasUnread: Bool { (relay?.whole ?? 0) > 0 }

  /// Reads one packet, or what is there of one; whether a whole one came.
  func read() throws(MQTTFailure) -> Bool {
    guard let relay else { return false }
    if relay.whole == 0 {
      guard try relay.receive() else { return false }
    }
    // One packet a call: there is nothing of ours for which the library would read more.
    try check("read", mosquitto_loop_read(handle, 1))
    return relay.hasRead()
  }

  /// Writes all that is queued, as far as the link takes it: acknowledgements too.
  func write() throws(MQTTFailure) {
    repeat {
      try check("write", mosquitto_loop_write(handle, 1))
      // The library stops where the pair of sockets is full.
    } while try relay?.send() == true && mosquitto_want_write(handle)
    if !wantsWrite { events.unacknowledged = 0 }
  }

  /// Keep-alive: queues a ping when it is time, ends the link when one went unanswered. To be called every second.
  func misc() throws(MQTTFailure) { try check("keep alive", mosquitto_loop_misc(handle)) }

  /// Acknowledges what waits and says goodbye. Only when nothing waits that must not be acknowledged.
  func disconnect() {
    do throws(MQTTFailure) {
      try write()
      try check("disconnect", mosquitto_disconnect_v5(handle, 0, nil))
      try check("disconnect", mosquitto_loop_write(handle, 1))
      if try relay?.send() == true { relay?.sayGoodbye() }
    } catch {
      // The broker finds the link closed without a goodbye, and keeps what is not acknowledged.
    }
  }

  /// The broker's answer to CONNECT in words, with what to do where that can be known.
  static func words(forAnswer code: Int32) -> String {
    switch UInt32(bitPattern: code) {
    case MQTT_RC_BAD_USERNAME_OR_PASSWORD.rawValue, 4: "it does not know this user name and password"
    case MQTT_RC_NOT_AUTHORIZED.rawValue, 5: "not authorised; check user name, password and certificate of the source"
    default: String(cString: mosquitto_reason_string(code))
    }
  }

  /// Whether to listen to the library's log, which alone tells the DUP flag of a message. It costs as much as reading a
  /// message does, so only until the connection has settled. Never from within a callback.
  var follows = false {
    didSet {
      guard follows != oldValue else { return }
      guard follows else { return mosquitto_log_callback_set(handle, nil) }
      mosquitto_log_callback_set(handle) { _, context, level, line in
        let events = Unmanaged<Events>.fromOpaque(context!).takeUnretainedValue()
        guard level == MOSQ_LOG_DEBUG, let line, let words = strstr(line, "received PUBLISH (d") else { return }
        events.isDuplicate = words[19] == UInt8(ascii: "1")
      }
    }
  }

  private func listen() {
    mosquitto_connect_v5_callback_set(handle) { _, context, reason, flags, _ in
      let events = Unmanaged<Events>.fromOpaque(context!).takeUnretainedValue()
      events.answer = reason
      if reason == 0 { events.connected(flags & 1 == 1) }
    }
    mosquitto_disconnect_v5_callback_set(handle) { _, context, reason, _ in
      let events = Unmanaged<Events>.fromOpaque(context!).takeUnretainedValue()
      // The broker's own reason comes first, the library's view of the closed socket after it.
      if events.disconnected == nil { events.disconnected = reason }
    }
    mosquitto_subscribe_v5_callback_set(handle) { _, context, id, count, granted, _ in
      let events = Unmanaged<Events>.fromOpaque(context!).takeUnretainedValue()
      for place in 0..<Int(count) { events.granted.append((id, granted![place])) }
    }
    mosquitto_message_v5_callback_set(handle) { _, context, message, _ in
      let events = Unmanaged<Events>.fromOpaque(context!).takeUnretainedValue()
      guard let message = message?.pointee, let topic = message.topic else { return }
      var length = 0
      while topic[length] != 0 { length += 1 }
      if message.qos > 0 { events.unacknowledged += 1 }
      let duplicate = events.isDuplicate
      events.isDuplicate = nil
      topic.withMemoryRebound(to: UInt8.self, capacity: length) { topic in
        events.message(
          Message(
            topic: UnsafeBufferPointer(start: topic, count: length),
            payload: UnsafeBufferPointer(
              start: message.payload?.assumingMemoryBound(to: UInt8.self), count: Int(message.payloadlen)),
            retained: message.retain, packet: message.qos > 0 ? UInt16(truncatingIfNeeded: message.mid) : 0,
            duplicate: duplicate))
      }
    }
  }

  private func check(_ what: String, _ code: Int32) throws(MQTTFailure) {
    guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
    throw .library(what, String(cString: mosquitto_strerror(code)))
  }
}

/// What a connection failed at.
package enum MQTTFailure: Error, CustomStringConvertible {
  case setting(String)
  case library(String, String)
  /// The broker and we do not trust each other, or the broker does not speak TLS; the broker never heard our CONNECT.
  case tls(String)
  /// The address cannot be reached.
  case unreachable(String)
  /// The broker refused, or took less than was asked for.
  case refused(String)
  /// A packet that the library must not read: its type, and what is wrong with it.
  case malformed(String, String)
  case silent(String)
  /// Another client took our session: there is a second engine.
  case takenOver
  case closed(Int32)

  /// The reason of a link that is gone.
  init(disconnect reason: Int32) {
    self = reason == MQTT_RC_SESSION_TAKEN_OVER.rawValue ? .takenOver : .closed(reason)
  }

  package var description: String {
    switch self {
    case .setting(let what): what
    case .library(let what, let why): "\(what): \(why)"
    case .tls(let why):
      "TLS with the broker failed: \(why); compare the broker's certificate (authority, host name, dates) with `tls` of the source"
    case .unreachable(let why), .refused(let why), .silent(let why): why
    case .malformed(let packet, let why):
      "the broker sent a malformed \(packet): \(why); the packet was not read and the link was dropped: does an MQTT 5 broker answer at this address?"
    case .takenOver: "another client connected with our client id and took the session"
    case .closed(0): "the broker closed the link and gave no reason"
    case .closed(let reason):
      // Below 128 it is the library's own code.
      "the link was closed: "
        + String(cString: reason < 128 ? mosquitto_strerror(reason) : mosquitto_reason_string(reason))
    }
  }
}
