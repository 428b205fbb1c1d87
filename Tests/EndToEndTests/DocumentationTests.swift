import Foundation
import Testing

/// What the documentation says is so: its commands end well, the tests it cites exist, its links lead somewhere.
@Suite struct DocumentationTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  struct Page: Sendable, CustomTestStringConvertible {
    /// From the package's root.
    var path: String
    var text: String
    var testDescription: String { path }
  }

  struct Command: Sendable, CustomTestStringConvertible {
    var page: String
    /// What follows the command's name.
    var arguments: String
    var testDescription: String { "\(page): millwright \(arguments)" }
  }

  static let pages: [Page] = {
    let docs = (try? FileManager.default.contentsOfDirectory(atPath: root.path + "/docs")) ?? []
    let paths = ["README.md"] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    return paths.compactMap { path in
      (try? String(contentsOfFile: root.path + "/" + path, encoding: .utf8)).map { Page(path: path, text: $0) }
    }
  }()

  /// Lines of `sh` fences that call the command and need nothing beside it.
  static let commands: [Command] = pages.flatMap { page in
    fences("sh", of: page).flatMap { $0.components(separatedBy: "\n") }.compactMap { line in
      let line = line.trimmingCharacters(in: .whitespaces)
      guard !line.contains("# needs"), let name = line.split(separator: " ").first,
        [".build/release/millwright", "millwright"].contains(name)
      else { return nil }
      let call = line.components(separatedBy: " #")[0].dropFirst(name.count)
      return Command(page: page.path, arguments: call.trimmingCharacters(in: .whitespaces))
    }
  }

  /// The contents of a page's fences of one language.
  static func fences(_ language: String, of page: Page) -> [String] {
    var found: [String] = []
    var open: (language: String, lines: [String])?
    for line in page.text.components(separatedBy: "\n") {
      let mark = line.trimmingCharacters(in: .whitespaces)
      if !mark.hasPrefix("```") {
        open?.lines.append(line)
      } else if let fence = open {
        if fence.language == language { found.append(fence.lines.joined(separator: "\n")) }
        open = nil
      } else {
        open = (String(mark.dropFirst(3)), [])
      }
    }
    return found
  }

  @Test func there_is_documentation_with_commands_to_run() {
    #expect(Self.pages.count >= 5)
    #expect(Self.commands.count >= 4)
  }

  @Test(arguments: commands)
  func a_command_of_the_documentation_ends_well(command: Command) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "exec \"$0\" \(command.arguments)", try binary()]
    process.currentDirectoryURL = Self.root
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "it said:\n\(output)")
  }

  /// The command that was built with these tests, beside them; else the one that `make` builds.
  private func binary() throws -> String {
    var folders = [Self.root.path + "/.build/release"]
    if let beside = Bundle.main.executableURL { folders.insert(beside.deletingLastPathComponent().path, at: 0) }
    let found = folders.map { $0 + "/millwright" }.first { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }
    return try #require(found, "there is no millwright in \(folders); build it with 'make build'")
  }

  /// Names with three underscores or more are tests; with two they may be a name of the sources instead.
  @Test func every_test_that_the_architecture_cites_exists() throws {
    let page = try #require(Self.pages.first { $0.path == "docs/architecture.md" })
    let tests = Self.swift(in: "Tests")
    let sources = Self.swift(in: "Sources")
    let cited = Set(page.text.matches(of: #/`([a-z][a-z0-9]*(?:_[a-z0-9]+){2,})`/#).map { String($0.output.1) })
    #expect(cited.count > 50)
    for name in cited.sorted() where !tests.contains("func \(name)(") {
      let isOfTheSources = name.count(where: { $0 == "_" }) == 2 && sources.contains(name)
      #expect(isOfTheSources, "docs/architecture.md cites \(name), which is no test")
    }
  }

  private static func swift(in folder: String) -> String {
    let files = FileManager.default.enumerator(atPath: root.path + "/" + folder)?.compactMap { $0 as? String } ?? []
    return files.filter { $0.hasSuffix(".swift") }.map {
      (try? String(contentsOfFile: root.path + "/\(folder)/" + $0, encoding: .utf8)) ?? ""
    }.joined(separator: "\n")
  }

  @Test(arguments: pages)
  func every_relative_link_leads_to_a_file(page: Page) {
    let folder = (Self.root.path + "/" + page.path as NSString).deletingLastPathComponent
    for match in page.text.matches(of: #/\]\(([^)\s#]+)/#) {
      let link = String(match.output.1)
      guard !link.contains("://") else { continue }
      #expect(FileManager.default.fileExists(atPath: folder + "/" + link), "\(page.path) links to \(link)")
    }
  }

  @Test func the_rule_that_the_front_page_shows_is_the_shipped_one() throws {
    let page = try #require(Self.pages.first { $0.path == "README.md" })
    let shown = try #require(Self.fences("lua", of: page).first)
    let shipped = try String(contentsOfFile: Self.root.path + "/rules/pump_cavitation.lua", encoding: .utf8)
    #expect(shown + "\n" == shipped)
  }
}
