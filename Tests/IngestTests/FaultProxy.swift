import Foundation
import Synchronization

/// What goes wrong with one connection. Bytes are counted on the way from the broker.
enum Fault: CaseIterable {
  /// The connection is reset.
  case reset
  /// It ends as a process ends that was asked to.
  case close
  /// Nothing passes any more, as with a cut cable; reset a moment later.
  case halfOpen
  /// The broker says DISCONNECT: it shuts down.
  case disconnect
  /// A packet that MQTT does not have.
  case badPacket
  /// Every byte alone, then reset.
  case drip
}

/// Stands between a source and a broker and does a fault to every connection on which the client says something.
/// One thread, which `deinit` ends.
final class FaultProxy: Sendable {
  let port: Int
  private let state: Mutex<State>
  private let ended = DispatchSemaphore(value: 0)

  private struct State {
    var isStopping = false
    /// Faults done, by kind; nothing is done once `isHealed`.
    var done: [Fault: Int] = [:]
    var isHealed = false
  }

  /// Connections with a fault so far.
  var faults: [Fault: Int] { state.withLock { $0.done } }
  func heal() { state.withLock { $0.isHealed = true } }

  /// `plan` chooses the fault of a connection and after how many bytes it comes.
  init(to broker: Int, plan: @escaping @Sendable () -> (Fault, after: Int)) throws {
    port = try Broker.freePort()
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard withAddress(port, { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0 else {
      throw Failure("no listener")
    }
    state = Mutex(State())
    let thread = Thread { [self] in
      serve(listener, broker, plan)
      ended.signal()
    }
    thread.name = "fault proxy"
    thread.start()
  }

  func stop() {
    state.withLock { $0.isStopping = true }
    ended.wait()
  }

  private func serve(_ listener: Int32, _ broker: Int, _ plan: () -> (Fault, after: Int)) {
    var pairs: [Pair] = []
    while !state.withLock({ $0.isStopping }) {
      var descriptors = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
      for pair in pairs {
        descriptors.append(pollfd(fd: pair.isMute ? -1 : pair.client, events: Int16(POLLIN), revents: 0))
        descriptors.append(pollfd(fd: pair.isMute ? -1 : pair.broker, events: Int16(POLLIN), revents: 0))
      }
      _ = poll(&descriptors, nfds_t(descriptors.count), 10)
      for (place, pair) in pairs.enumerated() {
        if descriptors[1 + 2 * place].revents != 0 {
          pair.fromClient { state.withLock { $0.isHealed } ? nil : plan() }
        }
        if !pair.isOver, descriptors[2 + 2 * place].revents != 0 { pair.fromBroker() }
        if pair.isMute, ContinuousClock.now >= pair.muteUntil { pair.end(reset: true) }
        if pair.isOver, let fault = pair.fault { state.withLock { $0.done[fault.0, default: 0] += 1 } }
      }
      pairs.removeAll(where: \.isOver)
      if descriptors[0].revents != 0 {
        let client = accept(listener, nil, nil)
        let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if client >= 0, withAddress(broker, { connect(upstream, $0, $1) }) == 0 {
          pairs.append(Pair(client: client, broker: upstream))
        } else {
          close(client)
          close(upstream)
        }
      }
    }
    for pair in pairs { pair.end(reset: false) }
    close(listener)
  }
}

/// One connection through the proxy.
private final class Pair {
  let client: Int32
  let broker: Int32
  private(set) var fault: (Fault, after: Int)?
  private(set) var isOver = false
  private(set) var isMute = false
  private(set) var muteUntil = ContinuousClock.now
  private var hasSpoken = false
  private var passed = 0
  private var bounds = PacketBounds()

  init(client: Int32, broker: Int32) {
    self.client = client
    self.broker = broker
    var yes: Int32 = 1
    setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  func fromClient(_ plan: () -> (Fault, after: Int)?) {
    guard let bytes = bytes(of: client) else { return end(reset: false) }
    if !hasSpoken {
      hasSpoken = true
      fault = plan()
    }
    put(bytes, to: broker)
  }

  func fromBroker() {
    guard var bytes = bytes(of: broker) else { return end(reset: false) }
    guard let fault else { return put(bytes, to: client) }
    let cut = min(max(0, fault.after - passed), bytes.count)
    let isDue = passed + bytes.count > fault.after
    switch fault.0 {
    case .disconnect, .badPacket:
      // Between two packets, so that it is understood.
      let packet: [UInt8] = fault.0 == .disconnect ? [0xE0, 0x02, 0x8B, 0x00] : [0xFF, 0x03, 1, 2, 3]
      let place = bounds.firstEnd(in: bytes, from: cut)
      if isDue, let place { bytes = bytes[..<place] + packet }
      passed += bytes.count
      put(bytes, to: client)
      if isDue, place != nil { end(reset: false) }
    case .drip:
      for byte in bytes[..<cut] { put([byte], to: client) }
      passed += cut
      if isDue { end(reset: true) }
    case .reset, .close, .halfOpen:
      put(Array(bytes[..<cut]), to: client)
      passed += cut
      guard isDue else { return }
      if fault.0 == .halfOpen {
        isMute = true
        muteUntil = .now + .milliseconds(20)
      } else {
        end(reset: fault.0 == .reset)
      }
    }
  }

  func end(reset: Bool) {
    guard !isOver else { return }
    isOver = true
    if reset {
      var now = linger(l_onoff: 1, l_linger: 0)
      setsockopt(client, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }
    close(client)
    close(broker)
  }

  private func bytes(of descriptor: Int32) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
      count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
    }
    return bytes.isEmpty ? nil : bytes
  }

  private func put(_ bytes: [UInt8], to descriptor: Int32) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return end(reset: false) }
      sent += count
    }
  }
}

/// Where MQTT packets end in a stream.
private struct PacketBounds {
  private var header: [UInt8] = []
  private var left = 0

  /// Place after the first packet that ends at `from` or later in these bytes; nil when none does.
  mutating func firstEnd(in bytes: [UInt8], from: Int) -> Int? {
    var found: Int?
    for (place, byte) in bytes.enumerated() {
      if left > 0 {
        left -= 1
      } else {
        header.append(byte)
        guard header.count > 1, byte < 128 else { continue }
        for (place, byte) in header.dropFirst().enumerated() { left |= Int(byte & 127) << (7 * place) }
        header = []
      }
      if left == 0, header.isEmpty, place + 1 >= from, found == nil { found = place + 1 }
    }
    return found
  }
}
