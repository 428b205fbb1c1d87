import Foundation
import Ingest
import Rules
import Testing

/// TLS with a real broker and certificates made for the test.
@Suite(.serialized) struct TLSTests {
  private func tls(_ certificates: Certificates, _ authority: String = "ours") -> MQTTSettings.TLS {
    .init(ca: certificates.path("\(authority).pem"), certificate: nil, key: nil)
  }

  @Test func a_broker_with_the_right_certificate_is_a_link() throws {
    let certificates = try Certificates()
    try certificates.sign("right", host: "IP:127.0.0.1")
    let port = try Broker.freePort()
    let broker = try Broker(configuration: certificates.listener("right", port: port))
    let engine = try Listener(port: port, tls: tls(certificates))
    defer { engine.source.stop() }
    try engine.wait("caught up") { $0.events.last == .caughtUp }
    try broker.publish("plant/P-101/Flow", lines: (0..<2_000).map(String.init))
    try engine.wait("all of it") { $0.values.count == 2_000 }
    #expect(engine.values == (0..<2_000).map { .number(Double($0)) })
  }

  /// What is said of a broker that must not be trusted, which is tried again and nothing else.
  private func refusal(
    _ certificates: Certificates, _ name: String, authority: String = "ours", until word: String
  ) throws {
    let port = try Broker.freePort()
    let broker = try Broker(configuration: certificates.listener(name, port: port))
    let engine = try Listener(port: port, tls: tls(certificates, authority), backOff: .none)
    defer { withExtendedLifetime(broker) { engine.source.stop() } }
    try engine.wait("two refusals") { $0.log.all.count { $0.contains("TLS with the broker failed") } >= 2 }
    #expect(engine.log.all.contains { $0.contains(word) }, "\(engine.log.all)")
    #expect(engine.events == [.lost])
    #expect(engine.source.condition.connections == 0)
  }

  @Test func another_authority_is_refused() throws {
    let certificates = try Certificates()
    try certificates.sign("right", host: "IP:127.0.0.1")
    try refusal(certificates, "right", authority: "theirs", until: "certificate verify failed")
  }

  @Test func an_expired_certificate_is_refused() throws {
    let certificates = try Certificates()
    try certificates.sign("expired", host: "IP:127.0.0.1", days: -1)
    try refusal(certificates, "expired", until: "certificate verify failed")
  }

  @Test func the_certificate_of_another_host_is_refused() throws {
    let certificates = try Certificates()
    try certificates.sign("other", host: "DNS:historian.example")
    try refusal(certificates, "other", until: "certificate verify failed")
  }

  // The plain text is looked over, whatever carries it.
  @Test func a_malformed_packet_inside_TLS_never_reaches_the_library() throws {
    let certificates = try Certificates()
    try certificates.sign("right", host: "IP:127.0.0.1")
    let port = try Broker.freePort()
    let broker = try certificates.serve("right", port: port, saying: [0x20, 0x05, 0x00, 0x00, 0x02, 0x7F, 0x00])
    defer { broker.terminate() }
    let engine = try Listener(port: port, tls: tls(certificates), backOff: .none)
    defer { engine.source.stop() }
    try engine.wait("its end") { $0.log.all.contains { $0.contains("malformed CONNACK: property 127") } }
  }

  @Test func a_TLS_file_that_cannot_be_used_is_named() throws {
    let certificates = try Certificates()
    let files = MQTTSettings.TLS(ca: certificates.path("none.pem"), certificate: nil, key: nil)
    #expect { try Listener(port: 1, tls: files) } throws: {
      "\($0)".contains("`ca` at \(certificates.path("none.pem"))")
    }
  }

  @Test func a_broker_without_TLS_is_refused() throws {
    let certificates = try Certificates()
    let broker = try Broker()
    let engine = try Listener(port: broker.port, tls: tls(certificates), backOff: .none)
    defer { engine.source.stop() }
    // The failure is noted before the loss reaches the engine.
    try engine.wait("a refusal") { $0.source.condition.lastFailure != nil && !$0.events.isEmpty }
    #expect(engine.events == [.lost])
    #expect(engine.source.condition.connections == 0)
  }
}
