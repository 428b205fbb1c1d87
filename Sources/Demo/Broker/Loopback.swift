import Glibc

/// A TCP port of 127.0.0.1 that was free a moment ago. 0 when there is none.
package func freePort() -> Int {
  withLoopbackSocket(port: 0) { socket, address in
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    guard bind(socket, address, length) == 0 else { return 0 }
    var bound = sockaddr_in()
    let named = withUnsafeMutablePointer(to: &bound) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
    }
    return named == 0 ? Int(UInt16(bigEndian: bound.sin_port)) : 0
  }
}

/// Whether something listens on that port of 127.0.0.1.
package func accepts(port: Int) -> Bool {
  withLoopbackSocket(port: port) { socket, address in
    connect(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
  }
}

private func withLoopbackSocket<T>(port: Int, _ body: (Int32, UnsafePointer<sockaddr>) -> T) -> T {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return withUnsafePointer(to: address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body(descriptor, $0) }
  }
}
