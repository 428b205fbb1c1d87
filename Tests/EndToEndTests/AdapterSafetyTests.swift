import Foundation
import Testing
import millwright

/// Which adapters the site may let act.
@Suite struct AdapterSafetyTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  private static let needed = """
    request = function() return { method = "POST", path = "/" } end, answer = function() return unknown("") end,
    """
  private static let lookUp = """
    lookup = function() return { method = "GET", path = "/" } end, read_lookup = function() return absent() end,
    """

  /// What `check` finds in the shipped site when its adapter is another.
  private func findings(_ fields: String) throws -> String {
    let folder = NSTemporaryDirectory() + "millwright-integrations-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder + "/webhook", withIntermediateDirectories: true)
    try "adapter { \(Self.needed) \(fields) }".write(
      toFile: folder + "/webhook/adapter.lua", atomically: true, encoding: .utf8)
    var folders = SiteFolders(site: Self.root + "/site")
    folders.integrations = folder
    do {
      _ = try Installation.read(folders, makeSecrets: false)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func one_that_neither_knows_keys_nor_can_look_up_may_not_act() throws {
    #expect(try findings("").contains("this adapter is not idempotent and cannot look up what it made"))
  }

  @Test(arguments: ["idempotent = true", lookUp]) func either_is_enough(_ fields: String) throws {
    #expect(try findings(fields) == "")
  }
}
