import CMosquitto
import Foundation
import Rules
import Synchronization

/// Puts samples on a broker as the plant's gateways do: MQTT 5, QoS 1, a connection and thread of its own.
package final class PlantPublisher: Sendable {
  /// What the callbacks on mosquitto's thread tell us.
  private final class Link: Sendable {
    let state = Mutex((connected: false, refused: Int32(0), acknowledged: 0))
    let changed = DispatchSemaphore(value: 0)
  }

  private static let libraryReady: Bool = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

  // Guarded by the mutex, and libmosquitto's threaded mode has locks of its own; nil once closed.
  private struct Handle: @unchecked Sendable { var client: OpaquePointer? }
  private let handle: Mutex<Handle>
  private let link = Link()
  private let sent = Mutex(0)
  private let host: String
  private let port: Int

  /// Messages handed over and messages the broker has acknowledged.
  package var published: Int { sent.withLock { $0 } }
  package var acknowledged: Int { link.state.withLock { $0.acknowledged } }

  /// Connects and returns when the broker has accepted it. Throws `DemoError.cannotPublish`.
  package init(host: String, port: Int, username: String? = nil, password: Secret? = nil) throws {
    self.host = host
    self.port = port
    func failure(_ why: String) -> DemoError { .cannotPublish(host: host, port: port, why: why) }
    guard PlantPublisher.libraryReady,
      let client = mosquitto_new(nil, true, Unmanaged.passUnretained(link).toOpaque())
    else { throw failure("libmosquitto would not begin") }
    handle = Mutex(Handle(client: client))

    // `link` outlives the client: close(), which deinit calls, ends the thread before anything is released.
    mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, Int32(MQTT_PROTOCOL_V5))
    mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, 1000)
    if let username { mosquitto_username_pw_set(client, username, password?.reveal) }
    mosquitto_connect_v5_callback_set(client) { _, user, reason, _, _ in
      guard let user else { return }
      let link = Unmanaged<Link>.fromOpaque(user).takeUnretainedValue()
      link.state.withLock {
        $0.connected = reason == 0
        $0.refused = reason
      }
      link.changed.signal()
    }
    mosquitto_disconnect_v5_callback_set(client) { _, user, _, _ in
      guard let user else { return }
      Unmanaged<Link>.fromOpaque(user).takeUnretainedValue().state.withLock { $0.connected = false }
    }
    mosquitto_publish_v5_callback_set(client) { _, user, _, _, _ in
      guard let user else { return }
      let link = Unmanaged<Link>.fromOpaque(user).takeUnretainedValue()
      link.state.withLock { $0.acknowledged += 1 }
      link.changed.signal()
    }

    let status = mosquitto_connect(client, host, Int32(port), 30)
    guard status == MOSQ_ERR_SUCCESS.rawValue else {
      close()
      throw failure(status == MOSQ_ERR_ERRNO.rawValue ? String(cString: strerror(errno)) : text(status))
    }
    mosquitto_loop_start(client)
    guard wait(seconds: 10, until: { $0.connected || $0.refused != 0 }) else {
      close()
      throw failure("no answer within 10 s")
    }
    let refused = link.state.withLock { $0.refused }
    guard refused == 0 else {
      close()
      throw failure("refused, \(String(cString: mosquitto_reason_string(refused)))")
    }
  }

  deinit { close() }

  /// Hands the samples over in their order. While the broker is away they are kept and sent when it is back. Throws
  /// when the connection was closed or a message can never be sent.
  package func publish(_ samples: [Sample]) throws {
    for message in PlantMessage.from(samples) { try publish(message) }
  }

  package func publish(_ message: PlantMessage) throws {
    let bytes = Array(message.payload.utf8)
    let status = handle.withLock { handle in
      handle.client.map {
        mosquitto_publish_v5($0, nil, message.topic, Int32(bytes.count), bytes, 1, false, nil)
      } ?? Int32(MOSQ_ERR_INVAL.rawValue)
    }
    // Not connected: libmosquitto has kept the message and will send it; a second call would send it twice.
    guard status == MOSQ_ERR_SUCCESS.rawValue || status == MOSQ_ERR_NO_CONN.rawValue else {
      throw DemoError.cannotPublish(host: host, port: port, why: text(status))
    }
    sent.withLock { $0 += 1 }
  }

  /// Waits until the broker has acknowledged everything; false when it has not within that time.
  package func flush(seconds: Double = 5) -> Bool {
    let target = published
    return wait(seconds: seconds) { $0.acknowledged >= target }
  }

  /// Flushes, says goodbye and ends the thread. A second call does nothing.
  package func close() {
    if link.state.withLock({ $0.connected }) { _ = flush() }
    let client = handle.withLock { handle in
      defer { handle.client = nil }
      return handle.client
    }
    guard let client else { return }
    mosquitto_disconnect_v5(client, 0, nil)
    // Forced when the broker is away: the thread would wait for it for ever.
    mosquitto_loop_stop(client, !link.state.withLock { $0.connected })
    mosquitto_destroy(client)
  }

  private func wait(seconds: Double, until done: ((connected: Bool, refused: Int32, acknowledged: Int)) -> Bool) -> Bool
  {
    let deadline = DispatchTime.now() + seconds
    while !link.state.withLock({ done($0) }) {
      if link.changed.wait(timeout: deadline) == .timedOut { return link.state.withLock { done($0) } }
    }
    return true
  }

  private func text(_ status: Int32) -> String { String(cString: mosquitto_strerror(status)) }
}
