import Foundation
import Rules

/// Asks systemd for more time while the state is brought back, a minute every ten seconds: it would end a start that
/// takes longer than it allows, and the next one would begin from nothing. Who makes no progress does not ask.
package struct StartPatience {
  private var asked: Instant?
  private let steady: WallClock
  private let tell: (String) -> Void

  package init(_ steady: @escaping WallClock, tell: @escaping (String) -> Void = { notifySystemd($0) }) {
    self.steady = steady
    self.tell = tell
  }

  package mutating func ask() {
    let now = steady()
    if let asked, now - asked < .seconds(10) { return }
    asked = now
    tell("EXTEND_TIMEOUT_USEC=60000000")
  }
}

/// Tells systemd (`Type=notify`) how we are: a datagram to the socket it names; nothing where there is none.
package func notifySystemd(_ state: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
  guard let path = environment["NOTIFY_SOCKET"], !path.isEmpty else { return }
  let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
  guard descriptor >= 0 else { return }
  defer { close(descriptor) }
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  var bytes = Array(path.utf8)
  // A leading @ stands for a name outside the file system, which begins with NUL.
  if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
  guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
  let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
  let message = Array(state.utf8)
  _ = withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      sendto(descriptor, message, message.count, 0, $0, length)
    }
  }
}
