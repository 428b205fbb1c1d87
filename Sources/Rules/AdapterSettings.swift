/// A secret in memory. Its text shows nowhere: not in logs, not in a debugger's summary, not in an interpolation.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The only way to the text; grep for it.
  package let reveal: String
  package init(_ text: String) { reveal = text }
  package var description: String { "(secret)" }
  package var debugDescription: String { "(secret)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What the site says of one adapter.
package struct AdapterSettings: Sendable, Equatable {
  package var name: String
  /// The folder under `integrations/` whose `adapter.lua` speaks for it.
  package var integration: String
  /// `https://desk.example/hooks`; the adapter's paths are joined to it.
  package var baseURL: String
  /// Plain http to a loopback address is allowed.
  package var plainOnLoopback: Bool
  /// Handed to the adapter's functions.
  package var settings: Tree
  /// By the names the adapter asks for; never in Lua.
  package var secrets: [String: Secret]
  package var connectTimeout: TimeSpan
  package var totalTimeout: TimeSpan
  /// Waits before the second, third, ... attempt; after the last the action is dead.
  package var retries: [TimeSpan]

  package static let standardRetries: [TimeSpan] = [
    .seconds(5), .minutes(5), .minutes(30), .hours(2), .hours(5), .hours(10), .hours(14), .hours(20), .hours(24),
  ]

  package init(
    name: String, integration: String, baseURL: String, plainOnLoopback: Bool = false, settings: Tree = .record([]),
    secrets: [String: Secret] = [:], connectTimeout: TimeSpan = .seconds(5), totalTimeout: TimeSpan = .seconds(20),
    retries: [TimeSpan] = AdapterSettings.standardRetries
  ) {
    self.name = name
    self.integration = integration
    self.baseURL = baseURL
    self.plainOnLoopback = plainOnLoopback
    self.settings = settings
    self.secrets = secrets
    self.connectTimeout = connectTimeout
    self.totalTimeout = totalTimeout
    self.retries = retries
  }
}

/// How an adapter's requests prove who sends them. Added by the engine to each attempt; the names are of secrets.
package enum Authorisation: Sendable, Equatable {
  case none
  case bearer(secret: String)
  case basic(user: String, password: String)
  /// Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp`, `webhook-signature` over the exact bytes.
  case standardWebhooks(secret: String)
}
