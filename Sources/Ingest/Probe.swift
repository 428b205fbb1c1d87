import Foundation

/// Whether a TCP connection to the broker opens, tried so that stopping is not held up: the library's own attempt
/// can block for two minutes. False when the source was stopped meanwhile. The look-up of a name does block.
func probe(_ host: String, _ port: Int, _ gate: Gate) throws(MQTTFailure) -> Bool {
  var hints = addrinfo()
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var list: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(host, String(port), &hints, &list)
  guard code == 0 else {
    throw .unreachable("cannot resolve \(host): \(String(cString: gai_strerror(code)))")
  }
  defer { freeaddrinfo(list) }
  var why = "no address"
  var entry = list
  while let address = entry?.pointee {
    entry = address.ai_next
    let descriptor = socket(
      address.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else {
      why = String(cString: strerror(errno))
      continue
    }
    defer { close(descriptor) }
    if connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return true }
    guard errno == EINPROGRESS else {
      why = String(cString: strerror(errno))
      continue
    }
    let end = ContinuousClock.now + .seconds(5)
    why = "no answer within 5 s"
    while ContinuousClock.now < end {
      let ready = gate.poll(descriptor, Int32(POLLOUT), milliseconds: 1_000)
      if gate.isStopping { return false }
      guard ready != 0 else { continue }
      var error: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
      if error == 0 { return true }
      why = String(cString: strerror(error))
      break
    }
  }
  throw .unreachable("cannot reach \(host):\(port): \(why)")
}
