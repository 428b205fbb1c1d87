import Foundation
import Rules

/// Finds the secrets a site names. No text of a secret appears in a finding.
struct Secrets {
  var environment: [String: String]
  var siteFolder: String
  /// Where generated ones lie.
  var folder: String
  /// Whether a generated one that is not there yet is made.
  var make: Bool
  /// For a site as it once was, of which only what decides is asked: a secret may be gone.
  var mayLack = false

  /// The secret under `key`: `{env: NAME}`, `{file: path}` or `{generated: name}`.
  func read(_ entry: YAML.Entry, file: String, _ report: Reporter) -> Secret? {
    guard case .table = entry.value.kind else {
      report.add(
        file, entry.line,
        "'\(entry.key)' is a secret and does not belong in this file: put it into an environment variable and write "
          + "'\(entry.key): {env: NAME}', or into a file of mode 0600 and write '\(entry.key): {file: PATH}'; "
          + "then change the one that was written here")
      return nil
    }
    let fields = Fields(entry.value, "secret '\(entry.key)'", line: entry.line, file: file, report)
    let environmentName = fields.text("env")
    let path = fields.text("file")
    let generated = fields.text("generated")
    fields.close()
    guard [environmentName, path, generated].count(where: { $0 != nil }) == 1 else {
      report.add(file, entry.line, "secret '\(entry.key)' needs exactly one of env, file, generated")
      return nil
    }
    if let (name, line) = environmentName {
      if let text = environment[name], !text.isEmpty { return Secret(text) }
      if mayLack { return nil }
      report.add(file, line, "the environment variable \(name) is not set; secret '\(entry.key)' comes from it")
      return nil
    }
    if let (path, line) = path {
      return text(in: absolute(path, from: siteFolder), named: entry.key, shown: path, file, line, report)
    }
    guard let (name, line) = generated else { return nil }
    guard !name.isEmpty, !name.hasPrefix("."),
      name.utf8.allSatisfy({ isOfAName($0) || $0 == UInt8(ascii: ".") })
    else {
      report.add(file, line, "'\(name)' cannot name a generated secret; use letters, digits, '-', '_'")
      return nil
    }
    let place = folder + "/" + name
    if !FileManager.default.fileExists(atPath: place) {
      guard make else { return nil }
      if let problem = generate(place) {
        report.add(file, line, "cannot make the generated secret '\(name)' at \(place): \(problem)")
        return nil
      }
    }
    return text(in: place, named: entry.key, shown: place, file, line, report)
  }

  private func text(
    in path: String, named key: String, shown: String, _ file: String, _ line: Int, _ report: Reporter
  ) -> Secret? {
    if mayLack { return nil }
    guard let data = FileManager.default.contents(atPath: path) else {
      report.add(file, line, "the file \(shown) is not there or may not be read; secret '\(key)' comes from it")
      return nil
    }
    let mode = (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) ?? 0
    guard mode & 0o077 == 0 else {
      report.add(
        file, line,
        "the file \(shown) of secret '\(key)' may be read by others (mode \(String(mode, radix: 8))); run "
          + "'chmod 600 \(shown)'"
      )
      return nil
    }
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty else {
      report.add(file, line, "the file \(shown) is empty; secret '\(key)' comes from it")
      return nil
    }
    return Secret(text)
  }

  /// Writes 32 random bytes as a Standard Webhooks secret; what went wrong, or nil. The file appears whole or not.
  private func generate(_ place: String) -> String? {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
    } catch { return "the folder cannot be made" }
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    let text = Array(("whsec_" + Data(bytes).base64EncodedString() + "\n").utf8)
    let fresh = place + ".\(getpid()).new"
    let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return String(cString: strerror(errno)) }
    defer { unlink(fresh) }
    let written = write(descriptor, text, text.count) == text.count && fsync(descriptor) == 0
    guard close(descriptor) == 0, written else { return String(cString: strerror(errno)) }
    // A link fails where another start was quicker; then its secret is the one.
    guard link(fresh, place) == 0 || errno == EEXIST else { return String(cString: strerror(errno)) }
    return nil
  }
}

/// `path` as seen from `folder`, without `.` and `..`.
func absolute(_ path: String, from folder: String) -> String {
  let joined = path.hasPrefix("/") ? path : folder + "/" + path
  var parts: [Substring] = []
  for part in joined.split(separator: "/") where part != "." {
    if part == ".." { _ = parts.popLast() } else { parts.append(part) }
  }
  return "/" + parts.joined(separator: "/")
}

/// ASCII letters, digits, `-` and `_`: safe in a file's name and in a client id.
func isOfAName(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
    true
  default: false
  }
}
