import Foundation
import Rules

/// Reads `adapters:`: the systems that work goes to.
struct AdapterReader {
  var file: String
  var integrationsFolder: String
  var secrets: Secrets
  var report: Reporter

  func read(_ entries: [YAML.Entry]) -> [AdapterSettings] {
    entries.map { adapter($0.key, Fields($0.value, "adapter '\($0.key)'", line: $0.line, file: file, report)) }
  }

  private func adapter(_ name: String, _ fields: Fields) -> AdapterSettings {
    defer { fields.close() }
    let integration = fields.text("integration", needed: "webhook")
    // What a site once was, or is worth, is known without its adapters.
    if let (folder, line) = integration, !secrets.mayLack {
      let known = (try? FileManager.default.contentsOfDirectory(atPath: integrationsFolder)) ?? []
      if folder.contains("/") || folder.hasPrefix(".")
        || !FileManager.default.fileExists(atPath: "\(integrationsFolder)/\(folder)/adapter.lua")
      {
        fields.finding(
          line,
          "no integration '\(folder)': there is no \(folder)/adapter.lua in the integrations "
            + "folder\(suggestion(for: folder, among: known.sorted()))"
        )
      }
    }
    let url = fields.text("url", needed: "https://desk.example/hooks")
    let plain = fields.flag("plain_on_loopback") ?? false
    if let (text, line) = url, let problem = problem(text, plain) { fields.finding(line, problem) }
    var found: [String: Secret] = [:]
    for entry in fields.named("secrets") { found[entry.key] = secrets.read(entry, file: file, report) }
    let settings = fields.fields("settings", "'settings'").map { table in
      Tree.record(table.all().map { Tree.Field($0.key, $0.value.tree) })
    }
    let timeout = fields.span("timeout", atLeast: .seconds(1)) ?? .seconds(20)
    let retries = fields.texts("retries").map { list in
      list.items.compactMap { text in
        let span = TimeSpan(written: text)
        if span == nil { fields.finding(list.line, "'retries' are waits such as '5 s' or '30 min'; '\(text)' is none") }
        return span
      }
    }
    return AdapterSettings(
      name: name, integration: integration?.text ?? "", baseURL: url?.text ?? "", plainOnLoopback: plain,
      settings: settings ?? .record([]), secrets: found, totalTimeout: timeout,
      retries: retries ?? AdapterSettings.standardRetries)
  }

  private func problem(_ url: String, _ plain: Bool) -> String? {
    if let problem = unfitCharacter("url", url) { return problem }
    let secure = url.hasPrefix("https://")
    guard secure || url.hasPrefix("http://") else { return "'url' must begin with https://, not '\(url.prefix(12))'" }
    let authority = authority(of: url)
    // The text is not shown: it may hold a password.
    if authority.contains("@") { return "'url' holds a user or password; name them under 'secrets'" }
    if url.contains("?") || url.contains("#") {
      return "'url' ends before any '?' or '#'; the adapter adds its paths to it"
    }
    let host = host(of: authority)
    if host.isEmpty { return "'url' names no host" }
    if let problem = unfitPort(authority) { return problem }
    if secure { return nil }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    let loopback =
      host == "localhost" || host == "[::1]" || (numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil))
    if !loopback { return "plain http to '\(host)' would show secrets to the network; use https" }
    return plain ? nil : "plain http is refused unless 'plain_on_loopback: true' says that it is meant"
  }
}
