/// How to reach a broker. Values as the site file gives them; the secret is resolved, never written.
package struct MQTTSettings: Sendable, Equatable {
  package struct TLS: Sendable, Equatable {
    /// Absolute paths. Without `ca` the system's authorities.
    package var ca: String?
    package var certificate: String?
    package var key: String?
    package init(ca: String?, certificate: String?, key: String?) {
      self.ca = ca
      self.certificate = certificate
      self.key = key
    }
  }
  package var host: String
  package var port: Int
  package var clientID: String
  package var username: String?
  package var password: Secret?
  package var tls: TLS?
  /// How long the broker keeps our session while we are away.
  package var sessionExpiry: TimeSpan
  package var keepAlive: TimeSpan
  /// Largest message taken, in bytes; announced to the broker.
  package var largestMessage: Int
  package var mappings: [MessageMapping]

  package init(
    host: String, port: Int, clientID: String, username: String? = nil, password: Secret? = nil, tls: TLS? = nil,
    sessionExpiry: TimeSpan = .hours(24 * 7), keepAlive: TimeSpan = .seconds(60), largestMessage: Int = 1_048_576,
    mappings: [MessageMapping]
  ) {
    self.host = host
    self.port = port
    self.clientID = clientID
    self.username = username
    self.password = password
    self.tls = tls
    self.sessionExpiry = sessionExpiry
    self.keepAlive = keepAlive
    self.largestMessage = largestMessage
    self.mappings = mappings
  }
}

/// Says how messages of one topic pattern become tag changes.
package struct MessageMapping: Sendable, Equatable {
  /// One level of the topic pattern.
  package enum Level: Sendable, Equatable {
    case exactly(String)
    /// `{asset}`: one level (`{asset+}`: the levels up to the next fixed one), the asset's key at this source.
    case asset(many: Bool)
    /// `{tag}` or `{tag+}`: the tag's key at this source.
    case tag(many: Bool)
    /// `+`
    case any
    /// `#`, last only
    case rest
  }

  package enum Shape: Sendable, Equatable {
    /// The whole payload is one value: `81.25`, `true`, `ON`, `"AUTO"`.
    case scalar
    /// One object, one value in it.
    case value(path: [String])
    /// Each key of the object at `path` is a tag; nested objects join their keys with `separator`.
    case keys(path: [String], separator: String)
    /// The array at `path` (empty: the root) has one change an element; paths below are relative to it.
    case array(path: [String], name: [String], value: [String])
  }

  package enum TimeFormat: Sendable, Equatable {
    /// Numbers since the epoch.
    case seconds, milliseconds, microseconds, nanoseconds
    /// RFC 3339; one without a zone is not a time unless `offset` says what it is.
    case iso(offset: TimeSpan?)
  }

  package var topic: [Level]
  package var shape: Shape
  /// Empty: the message carries no time and takes its arrival time. In `array`, looked up in the element first, then in the root.
  package var time: [String]
  package var timeFormat: TimeFormat
  /// Empty: every value is good.
  package var quality: [String]
  /// The source's words or numbers for quality (as text: `true`, `192`, `Good`). A word found nowhere is bad.
  package var qualityWords: [String: Quality]
  /// Keys that are no tags (`keys` shape): `linkquality`.
  package var ignore: [String]
  /// JSON null says "no change" instead of "bad".
  package var nullIsAbsent: Bool

  package init(
    topic: [Level], shape: Shape, time: [String] = [], timeFormat: TimeFormat = .milliseconds, quality: [String] = [],
    qualityWords: [String: Quality] = [:], ignore: [String] = [], nullIsAbsent: Bool = false
  ) {
    self.topic = topic
    self.shape = shape
    self.time = time
    self.timeFormat = timeFormat
    self.quality = quality
    self.qualityWords = qualityWords
    self.ignore = ignore
    self.nullIsAbsent = nullIsAbsent
  }

  /// The MQTT topic filter that selects these messages.
  package var filter: String {
    topic.map { level in
      switch level {
      case .exactly(let text): text
      case .asset(many: false), .tag(many: false), .any: "+"
      case .asset(many: true), .tag(many: true), .rest: "#"
      }
    }.reduce(into: [String]()) { if $0.last != "#" { $0.append($1) } }.joined(separator: "/")
  }
}

/// Ties what a source calls a tag to ours.
package struct Binding: Sendable, Equatable {
  package var source: SourceID
  /// What the source calls the asset: the text captured by `{asset}`; several levels keep their slashes.
  package var asset: String
  /// What the source calls the tag: captured by `{tag}`, or a key of the message.
  package var name: String
  package var tag: TagID
  /// Numbers from the source times `scale` plus `offset` are in the class's unit.
  package var scale: Double
  package var offset: Double
  package init(source: SourceID, asset: String, name: String, tag: TagID, scale: Double = 1, offset: Double = 0) {
    self.source = source
    self.asset = asset
    self.name = name
    self.tag = tag
    self.scale = scale
    self.offset = offset
  }
}
