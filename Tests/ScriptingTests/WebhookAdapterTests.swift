import Foundation
import Rules
import Scripting
import Testing

/// The adapter that is shipped as `integrations/webhook`.
@Suite struct WebhookAdapterTests {
  private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "integrations/webhook/adapter.lua")

  private func body(_ fields: Tree.Field...) throws -> String {
    let adapter = try AdapterScript(text: String(contentsOf: Self.file, encoding: .utf8), file: "adapter.lua")
    let common: [Tree.Field] = [
      .init("key", .text("k1")), .init("source", .text("/millwright/s")),
      .init("asset", .record([.init("path", .text("Works/P-1"))])),
      .init("decision", .record([.init("time", .text("2026-03-01T12:00:00Z"))])), .init("readings", .list([])),
      .init("limits", .list([])), .init("check_first", .list([])),
    ]
    let request = try adapter.request(.record(common + fields), settings: .record([]))
    return String(decoding: request.body, as: UTF8.self)
  }

  @Test func a_setpoint_request_carries_tag_target_and_the_time_it_is_valid_until() throws {
    let body = try body(
      .init("kind", .text("setpoint")),
      .init(
        "setpoint",
        .record([
          .init("tag", .text("SpeedSetpoint")), .init("target", .number(81)),
          .init("valid_until", .text("2026-03-01T12:01:00Z")),
        ])))
    #expect(body.contains(#""type":"millwright.setpoint.requested.v1""#))
    #expect(body.contains(#""setpoint":{"tag":"SpeedSetpoint","target":81,"valid_until":"2026-03-01T12:01:00Z"}"#))
  }

  @Test func a_work_order_has_no_setpoint() throws {
    let body = try body(.init("kind", .text("work_order")), .init("priority", .number(2)))
    #expect(body.contains(#""type":"millwright.work_order.requested.v1""#))
    #expect(!body.contains("setpoint"))
  }
}
