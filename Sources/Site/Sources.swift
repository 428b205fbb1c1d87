import Foundation
import Rules

/// Reads `sources:`: brokers and how their messages become tag changes.
struct SourceReader {
  var site: String
  var folder: String
  var file: String
  var secrets: Secrets
  var report: Reporter

  func read(_ entries: [YAML.Entry]) -> [(SourceSettings, MQTTSettings)] {
    entries.map { source($0.key, Fields($0.value, "source '\($0.key)'", line: $0.line, file: file, report)) }
  }

  private func source(_ name: String, _ fields: Fields) -> (SourceSettings, MQTTSettings) {
    defer { fields.close() }
    if !fields.has("kind") { fields.missing("kind", "mqtt") }
    _ = fields.word("kind", among: [("mqtt", ())])
    if let (text, line) = fields.text("qos"), text != "1" {
      fields.finding(
        line,
        text == "2"
          ? "QoS 2 is refused: its handshake can end before a decision is on disk; QoS 1 with a session "
            + "loses nothing, and repeats are dropped"
          : "'qos' is always 1: messages are acknowledged when they are on disk; remove the key")
    }
    let host = fields.host(needed: "broker.plant.example")
    let tls = tls(fields)
    let port = fields.integer("port", in: 1...65535) ?? (tls == nil ? 1883 : 8883)
    let client = fields.text("client_id")?.text ?? "millwright-\(site)-\(name)"
    let settings = SourceSettings(
      name: name, lateness: fields.span("lateness") ?? .seconds(2), skew: fields.span("skew") ?? .seconds(5))
    let username = fields.text("username")?.text
    let password = fields.entry("password").flatMap { secrets.read($0, file: file, report) }
    let expiry = fields.span("session_expiry") ?? .hours(24 * 7)
    let keepAlive = fields.span("keep_alive", atLeast: .seconds(5)) ?? .seconds(60)
    let largest = fields.integer("largest_message", in: 128...268_435_455) ?? 1_048_576
    if !fields.has("messages") { fields.missing("messages", "[{topic: \"site/{asset}/{tag}\", scalar: true}]") }
    let mappings = (fields.list("messages")?.items ?? []).map { item in
      MessageReader(fields: Fields(item, "message", file: file, report)).read()
    }
    return (
      settings,
      MQTTSettings(
        host: host, port: port, clientID: client, username: username, password: password, tls: tls,
        sessionExpiry: expiry, keepAlive: keepAlive, largestMessage: largest, mappings: mappings)
    )
  }

  /// `tls: true`, or a table of files relative to the site's folder.
  private func tls(_ fields: Fields) -> MQTTSettings.TLS? {
    guard let entry = fields.entry("tls") else { return nil }
    if case .scalar(let text, _) = entry.value.kind {
      if text == "true" { return .init(ca: nil, certificate: nil, key: nil) }
      if text != "false" { fields.finding(entry.line, "'tls' must be true, false or a table of ca, certificate, key") }
      return nil
    }
    let files = Fields(entry.value, "'tls'", line: entry.line, file: file, report)
    func path(_ key: String) -> String? {
      guard let (text, line) = files.text(key) else { return nil }
      let path = absolute(text, from: folder)
      if !FileManager.default.isReadableFile(atPath: path) {
        files.finding(line, "the file \(text) is not there or may not be read")
      }
      return path
    }
    let tls = MQTTSettings.TLS(ca: path("ca"), certificate: path("certificate"), key: path("key"))
    if (tls.certificate == nil) != (tls.key == nil) {
      files.finding(entry.line, "'tls' needs 'certificate' and 'key' together, or neither")
    }
    files.close()
    return tls
  }
}

/// Reads one entry of `messages:`.
struct MessageReader {
  var fields: Fields

  func read() -> MessageMapping {
    defer { fields.close() }
    let topic = topic()
    var mapping = MessageMapping(topic: topic.levels, shape: shape(topic.levels, topic.line))
    mapping.time = path("time") ?? []
    let written = fields.text("time_is")
    if let (text, line) = written { mapping.timeFormat = format(text, line) }
    mapping.quality = path("quality") ?? []
    mapping.qualityWords = mapping.quality.isEmpty ? [:] : Self.standardWords
    if let words = fields.fields("quality_is", "'quality_is'") {
      mapping.qualityWords = [:]
      for (name, quality) in [("good", Quality.good), ("uncertain", .uncertain), ("bad", .bad), ("stale", .stale)] {
        for word in words.texts(name)?.items ?? [] { mapping.qualityWords[word] = quality }
      }
      words.close()
      if mapping.quality.isEmpty {
        fields.finding(words.line, "'quality_is' says nothing without 'quality', the path of the quality")
      }
    }
    mapping.ignore = fields.texts("ignore")?.items ?? []
    mapping.nullIsAbsent = fields.flag("null_is_absent") ?? false
    return mapping
  }

  static let standardWords: [String: Quality] = [
    "good": .good, "Good": .good, "true": .good, "192": .good, "uncertain": .uncertain, "Uncertain": .uncertain,
    "bad": .bad, "Bad": .bad, "false": .bad, "0": .bad, "stale": .stale, "Stale": .stale, "500": .stale,
  ]

  private func path(_ key: String) -> [String]? {
    fields.text(key).map { $0.text.split(separator: ".").map(String.init) }
  }

  private func topic() -> (levels: [MessageMapping.Level], line: Int) {
    guard let (text, line) = fields.text("topic", needed: "\"site/{asset}/{tag}\"") else { return ([], fields.line) }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    var levels: [MessageMapping.Level] = []
    for (place, part) in parts.enumerated() {
      switch part {
      case "{asset}": levels.append(.asset(many: false))
      case "{asset+}": levels.append(.asset(many: true))
      case "{tag}": levels.append(.tag(many: false))
      case "{tag+}": levels.append(.tag(many: true))
      case "+": levels.append(.any)
      case "#" where place == parts.count - 1: levels.append(.rest)
      default:
        if part.contains(where: { "{}+#".contains($0) }) {
          fields.finding(
            line, "level '\(part)' of the topic must be a plain word, {asset}, {asset+}, {tag}, {tag+}, + or, last, #")
        }
        levels.append(.exactly(part))
      }
    }
    let assets = levels.count { if case .asset = $0 { true } else { false } }
    let tags = levels.count { if case .tag = $0 { true } else { false } }
    if assets != 1 {
      fields.finding(line, "the topic must have {asset} exactly once, to say which asset a message is about")
    }
    if tags > 1 { fields.finding(line, "the topic may have {tag} only once") }
    return (levels, line)
  }

  private func shape(_ topic: [MessageMapping.Level], _ line: Int) -> MessageMapping.Shape {
    let tagInTopic = topic.contains { if case .tag = $0 { true } else { false } }
    let array = path("array")
    let keys = path("keys")
    let name = path("name")
    let value = path("value")
    let scalar = fields.flag("scalar") ?? false
    let separator = fields.text("separator")?.text ?? "."
    let given = ["array", "keys", "scalar"].filter(fields.has)
    if given.count > 1 || (given.isEmpty && value == nil && fields.readable)
      || (value != nil && (keys != nil || scalar))
    {
      fields.finding(line, "a message needs exactly one of value, keys, array, scalar, to say where its values are")
      return .scalar
    }
    if topic.isEmpty { return .scalar }
    if array != nil || keys != nil {
      if tagInTopic { fields.finding(line, "{tag} in the topic and '\(given[0])' both name the tag; keep one") }
    } else if !tagInTopic {
      fields.finding(line, "nothing names the tag: put {tag} into the topic, or use 'keys' or 'array'")
    }
    if let array {
      guard let name, let value else {
        fields.finding(line, "'array' needs 'name' and 'value', the paths within an element")
        return .scalar
      }
      return .array(path: array, name: name, value: value)
    }
    if name != nil { fields.finding(line, "'name' belongs to 'array' only") }
    if let keys { return .keys(path: keys, separator: separator) }
    return value.map { .value(path: $0) } ?? .scalar
  }

  private func format(_ text: String, _ line: Int) -> MessageMapping.TimeFormat {
    switch text {
    case "s": return .seconds
    case "ms": return .milliseconds
    case "us": return .microseconds
    case "ns": return .nanoseconds
    case "iso": return .iso(offset: nil)
    default:
      let zone = Array(text.utf8)
      if text.hasPrefix("iso "), zone.count == 10, zone[7] == 58, let hours = Int(text.dropFirst(5).prefix(2)),
        let minutes = Int(text.suffix(2)), hours <= 14, (0...59).contains(minutes), zone[4] == 43 || zone[4] == 45
      {
        let seconds = Int64(hours * 3600 + minutes * 60)
        return .iso(offset: .seconds(zone[4] == 45 ? -seconds : seconds))
      }
      fields.finding(line, "unknown time_is '\(text)'; it is one of s, ms, us, ns, iso, \"iso +02:00\"")
      return .milliseconds
    }
  }
}
