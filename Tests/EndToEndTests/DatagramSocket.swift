import Campaigns
import Foundation
import Glibc

/// A socket as systemd has one for those it starts.
final class DatagramSocket {
  private let descriptor: Int32

  init(path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard descriptor >= 0, bound == 0 else { throw DidNotHappen(what: "a socket at \(path)") }
  }

  deinit { Glibc.close(descriptor) }

  func received() -> [String] {
    var states: [String] = []
    var bytes = [UInt8](repeating: 0, count: 1_024)
    while case let count = recv(descriptor, &bytes, bytes.count, 0), count > 0 {
      states.append(String(decoding: bytes[..<count], as: UTF8.self))
    }
    return states
  }
}
