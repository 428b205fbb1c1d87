import Delivery
import Glibc
import Rules
import Testing

struct DestinationTests {
  func send(_ url: String, plain: Bool = true) throws -> HTTPResult {
    try HTTPClient(settings: .make(url, plain: plain)).perform(.make())
  }

  @Test(arguments: ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "127.9.8.7", "0177.0.0.1", "localhost"])
  func every_spelling_of_loopback_is_loopback(host: String) throws {
    let server = DeskServer(.reply(200), ipv6: true)
    #expect(try send("http://\(host):\(server.port)").response?.status == 200)
  }

  @Test(.enabled(if: hasIPv6), arguments: ["[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]"])
  func so_is_every_spelling_in_ipv6(host: String) throws {
    let server = DeskServer(.reply(200), ipv6: true)
    #expect(try send("http://\(host):\(server.port)").response?.status == 200)
  }

  /// 10.0.0.1 in other words, addresses that only look like loopback, and ones that reach this machine all the same.
  @Test(arguments: [
    "10.0.0.1", "167772161", "0xa.1", "0x0a000001", "012.0.0.1", "192.0.2.1", "169.254.169.254", "0.0.0.0", "0",
    "128.0.0.1", "126.255.255.255", "[::]", "[::2]", "[::127.0.0.1]", "[fe80::1]", "[::ffff:10.0.0.1]", "[1::1]",
  ])
  func plain_http_beyond_loopback_is_refused_on_the_socket(host: String) throws {
    let why = try #require(try send("http://\(host):9").notSent)
    #expect(why.contains("goes to a loopback address only"), "\(why)")
  }

  @Test(arguments: ["127.0.0.1.nip.example@10.0.0.1", "user:password@127.0.0.1", "127.0.0.1:1?x=", "127.0.0.1:1#"])
  func a_url_with_more_than_host_and_path_is_refused(rest: String) throws {
    let why = try #require(try send("http://\(rest)").notSent)
    #expect(why.contains("change it in the site file") && !why.contains("password"))
  }

  @Test func plain_http_must_be_allowed_even_to_loopback() throws {
    let server = DeskServer(.reply(200))
    #expect(try send(server.url, plain: false).notSent?.contains("plain http") == true)
    #expect(server.connections == 0)
  }

  @Test(arguments: ["ftp://127.0.0.1", "file:///etc/passwd", "gopher://127.0.0.1", "127.0.0.1", "", "HTTPS"])
  func no_other_protocol_is_spoken(url: String) throws {
    #expect(try send(url).notSent?.contains("https://") == true)
  }

  @Test func a_path_does_not_continue_the_host() throws {
    let joined = try Destination(path: ".evil.example/x", of: .make("https://desk.example"))
    #expect(joined.url == "https://desk.example/.evil.example/x")
    #expect(throws: DeliveryError.self) { try Destination(path: "/a b", of: .make("https://desk.example")) }
    #expect(throws: DeliveryError.self) { try Destination(path: "/a\r\nb", of: .make("https://desk.example")) }
  }

  @Test func the_whole_of_127_is_loopback_and_nothing_beside_it() {
    for (text, expected) in [
      ("127.0.0.0", true), ("127.255.255.255", true), ("128.0.0.0", false), ("1.0.0.127", false),
    ] {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = inet_addr(text)
      let size = MemoryLayout<sockaddr_in>.size
      let found = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { isLoopback($0, length: size) }
      }
      #expect(found == expected, "\(text)")
    }
  }
}

private let hasIPv6: Bool = {
  let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var address = sockaddr_in6()
  address.sin6_family = sa_family_t(AF_INET6)
  address.sin6_addr = in6addr_loopback
  let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
  }
}()
