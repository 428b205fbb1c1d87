import Rules

/// What the desk has taken in.
package struct WorkOrder: Codable, Equatable, Sendable {
  /// `WO-1001`; a notification gets `N-2001`.
  package var reference: String
  package var title: String
  package var text: String
  package var priority: Int?
  /// The asset's path.
  package var asset: String
  /// The rule that asked for it; empty when the event does not say.
  package var rule: String
  /// The sender's key: the same for every delivery of the same work.
  package var key: String
  /// RFC 3339, by the desk's clock.
  package var received: String

  package init(
    reference: String, title: String, text: String = "", priority: Int? = nil, asset: String = "", rule: String = "",
    key: String, received: Instant
  ) {
    self.reference = reference
    self.title = title
    self.text = text
    self.priority = priority
    self.asset = asset
    self.rule = rule
    self.key = key
    self.received = received.description
  }
}

/// What the desk looks at in a CloudEvent.
struct WorkEvent: Decodable {
  struct Content: Decodable {
    struct Asset: Decodable { var path: String? }
    struct Origin: Decodable { var rule: String? }
    var title: String
    var text: String?
    var priority: Double?
    var asset: Asset?
    var decision: Origin?
  }
  var specversion: String
  var type: String
  var subject: String?
  var data: Content
}
