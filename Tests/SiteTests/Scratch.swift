import Foundation
import Rules
import Site

/// A plant's folder of a test's own, gone when the test ends: `site/` and an integration called webhook.
final class Scratch {
  let folder = FileManager.default.temporaryDirectory.appending(path: "site-\(UUID().uuidString)")

  init(copying name: String? = nil) throws {
    try write("integrations/webhook/adapter.lua", "return {}")
    if let name {
      for file in ["site.yaml", "assets.yaml"] {
        try write("site/" + file, String(contentsOf: root.appending(path: "\(name)/\(file)"), encoding: .utf8))
      }
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func write(_ path: String, _ text: String) throws {
    let place = folder.appending(path: path)
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: place, atomically: true, encoding: .utf8)
  }

  func replace(_ path: String, _ old: String, _ new: String) throws {
    let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    precondition(text.contains(old), "the file no longer says '\(old)'")
    try write(path, text.replacingOccurrences(of: old, with: new))
  }

  func read(environment: [String: String] = [:], makeSecrets: Bool = true) throws -> Site {
    try Site.read(
      folder: folder.appending(path: "site").path, environment: environment, makeSecrets: makeSecrets)
  }
}

/// What reading a site finds, as lines.
func findings(in folder: URL) -> [String] {
  do throws(SiteFindings) {
    _ = try Site.read(folder: folder.path, environment: [:], makeSecrets: false)
    return []
  } catch {
    return error.list.map(\.description)
  }
}

func brokenSites() throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: fixtures.path).sorted().filter {
    FileManager.default.fileExists(atPath: fixtures.appending(path: $0 + "/expected").path)
  }
}

func mode(_ path: String) throws -> Int? {
  try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
}
