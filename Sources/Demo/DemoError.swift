/// What can go wrong around the demo, for the person at the terminal.
package enum DemoError: Error, Equatable, CustomStringConvertible {
  /// No `mosquitto` on PATH or in /usr/sbin.
  case noMosquitto
  case cannotStart(program: String, why: String)
  /// It started and ended, or never listened; the end of its log.
  case brokerFailed(why: String, log: String)
  case cannotPublish(host: String, port: Int, why: String)
  case cannotListen(port: Int, why: String)
  /// Not `whsec_` and the base64 of at least 24 bytes.
  case badSecret

  package var description: String {
    switch self {
    case .noMosquitto:
      "no mosquitto on PATH or in /usr/sbin: install it, `apt-get install mosquitto` on Debian and Ubuntu"
    case .cannotStart(let program, let why): "cannot start \(program): \(why)"
    case .brokerFailed(let why, let log): "the broker \(why)" + (log.isEmpty ? "" : "; its log ends:\n\(log)")
    case .cannotPublish(let host, let port, let why): "cannot publish to the broker at \(host):\(port): \(why)"
    case .cannotListen(let port, let why): "the work-order desk cannot listen on 127.0.0.1:\(port): \(why)"
    case .badSecret: "the work-order desk's key is not `whsec_` and the base64 of at least 24 random bytes"
    }
  }
}
