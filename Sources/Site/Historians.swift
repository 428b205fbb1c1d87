import Foundation
import Rules

/// Reads `historians:`: where the past can be read from, and what in it is which tag.
struct HistorianReader {
  var file: String
  /// Nil when the model cannot be read: its words are then not checked.
  var model: Model?
  var secrets: Secrets
  var report: Reporter

  func read(_ entries: [YAML.Entry]) -> [HistorianSettings] {
    entries.compactMap { entry in
      let fields = Fields(entry.value, "historian '\(entry.key)'", line: entry.line, file: file, report)
      defer { fields.close() }
      return historian(entry.key, fields)
    }
  }

  private func historian(_ name: String, _ fields: Fields) -> HistorianSettings? {
    if !fields.has("kind") { fields.missing("kind", "influx") }
    let username = fields.text("username")?.text
    let (password, trouble) = password(fields)
    let database = fields.text("database", needed: "plant")?.text ?? ""
    guard let isInflux = fields.word("kind", among: [("influx", true), ("postgres", false)]) else {
      // What belongs to it is not known, so nothing of it is unknown.
      _ = fields.all()
      return nil
    }
    let place: HistorianPlace
    if isInflux {
      let url = fields.text("url", needed: "https://historian.plant.example:8086")
      if let url { check(url.text, url.line, hasPassword: fields.has("password"), fields) }
      place = .influx(url: url.map { $0.text.hasSuffix("/") ? String($0.text.dropLast()) : $0.text } ?? "")
    } else {
      let host = fields.host(needed: "db.plant.example")
      place = .postgres(host: host, port: fields.integer("port", in: 1...65535) ?? 5432)
    }
    if !fields.has("read") {
      fields.missing("read", "[{class: Pump, \(isInflux ? "measurement" : "table"): pumps, asset: name, tags: {}}]")
    }
    let reads = (fields.list("read")?.items ?? []).compactMap { item -> HistorianRead? in
      let read = Fields(item, "entry of 'read'", file: file, report)
      defer { read.close() }
      return self.read(read, isInflux, historian: name)
    }
    return HistorianSettings(
      name: name, place: place, database: database, username: username, password: password, trouble: trouble,
      reads: reads)
  }

  /// A password that is not there now is no finding: the engine does not need it.
  private func password(_ fields: Fields) -> (Secret?, trouble: String?) {
    guard let entry = fields.entry("password") else { return (nil, nil) }
    guard case .table = entry.value.kind else { return (secrets.read(entry, file: file, report), nil) }
    let apart = Reporter()
    let secret = secrets.read(entry, file: file, apart)
    return (secret, apart.sorted.first?.description)
  }

  private func check(_ url: String, _ line: Int, hasPassword: Bool, _ fields: Fields) {
    if let problem = unfitCharacter("url", url) { return fields.finding(line, problem) }
    let authority = authority(of: url)
    if !authority.contains("@"), let problem = unfitPort(authority) { return fields.finding(line, problem) }
    guard let parts = URLComponents(string: url), let scheme = parts.scheme, let host = parts.host, !host.isEmpty,
      scheme == "http" || scheme == "https", parts.query == nil, parts.path.isEmpty || parts.path == "/"
    else {
      return fields.finding(
        line, "'url' must be as 'https://historian.plant.example:8086', without a path, not '\(url)'")
    }
    if parts.user != nil || parts.password != nil {
      fields.finding(line, "'url' holds a user name: write 'username' and 'password' of their own")
    }
    if scheme == "http", hasPassword, !["localhost", "127.0.0.1", "[::1]", "::1"].contains(host) {
      fields.finding(line, "a password over plain http can be read by anyone on the way; use https")
    }
  }

  // MARK: What is which tag

  private func read(_ fields: Fields, _ isInflux: Bool, historian: String) -> HistorianRead? {
    let source = fields.text(isInflux ? "measurement" : "table", needed: isInflux ? "vibration" : "plant.readings")
    let key = fields.text("asset")
    let only = fields.text("of")
    if (key == nil) == (only == nil) {
      fields.finding(
        fields.line,
        "needs either 'asset', the \(isInflux ? "tag key" : "column") that names the asset, or 'of', the one asset it is of"
      )
    }
    let name = fields.text("name")
    let value = fields.text("value")
    if (name == nil) != (value == nil) {
      fields.finding((name ?? value)?.line ?? fields.line, "'name' and 'value' go together: which tag, and its value")
    }
    let time = time(fields, isInflux)
    let timeColumn = isInflux ? "time" : fields.text("time", needed: "ts")?.text ?? ""
    let quality = fields.text("quality")?.text
    let className = fields.text("class", needed: "CentrifugalPump")
    let tags = fields.fields("tags", "'tags'")
    let names = tags?.all() ?? []
    if tags == nil, name == nil {
      fields.missing("tags", "{VibrationRMS: rms}")
    }
    guard let source, let className, let model else { return nil }
    guard let place = model.classes.firstIndex(where: { $0.name == className.text }) else {
      fields.finding(
        className.line,
        "there is no class '\(className.text)'\(suggestion(for: className.text, among: model.classes.map(\.name)))")
      return nil
    }
    let definitions = model.classes[place].tags
    var columns: [(place: Int, name: String)] = []
    for entry in names {
      guard let tag = definitions.firstIndex(where: { $0.name == entry.key }) else {
        fields.finding(
          entry.line,
          "'\(entry.key)' is no tag of \(className.text)\(suggestion(for: entry.key, among: definitions.map(\.name)))")
        continue
      }
      guard case .scalar(let text, _) = entry.value.kind else {
        fields.finding(entry.line, "'\(entry.key)' needs the name that the historian has for it, as one word")
        continue
      }
      columns.append((tag, text))
    }
    if tags == nil { columns = definitions.enumerated().map { ($0.offset, $0.element.name) } }
    let assets = model.assets.indices.filter { model.assets[$0].classIndex == place }
      .filter { only == nil || model.assets[$0].path == only?.text || model.assets[$0].name == only?.text }
    if let only, assets.count != 1 {
      let known = model.assets.filter { $0.classIndex == place }.map(\.name)
      fields.finding(
        only.line,
        assets.isEmpty
          ? "there is no \(className.text) named '\(only.text)'\(suggestion(for: only.text, among: known))"
          : "several assets are named '\(only.text)'; write the path")
    }
    return HistorianRead(
      from: source.text, form: name.flatMap { name in value.map { .long(name: name.text, value: $0.text) } } ?? .wide,
      time: time, timeColumn: timeColumn, asset: key?.text, quality: quality,
      series: assets.flatMap { index in
        let asset = model.assets[index]
        return columns.map { column in
          HistorianRead.Series(
            asset: key == nil ? nil : asset.ids[historian] ?? asset.name, name: column.name,
            tag: TagID(Int(asset.firstTag) + column.place))
        }
      }, line: fields.line)
  }

  private func time(_ fields: Fields, _ isInflux: Bool) -> HistorianRead.Time {
    guard !isInflux else { return .moment }
    let zone = fields.text("time_zone")
    let counted = fields.word(
      "time_is", among: [("s", 1), ("ms", 1000), ("us", 1_000_000), ("ns", 1_000_000_000)] as [(String, Int64)])
    if let zone, counted != nil {
      fields.finding(zone.line, "a number since 1970 has no clock; remove 'time_zone' or 'time_is'")
    }
    if let counted { return .count(perSecond: counted) }
    guard let zone else { return .moment }
    if TimeZone(identifier: zone.text) == nil {
      fields.finding(zone.line, "'\(zone.text)' is no time zone; write 'Europe/Berlin' or 'UTC'")
    }
    return .clock(zone: zone.text)
  }
}
