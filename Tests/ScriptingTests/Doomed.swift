import Foundation
import Testing

/// The process of Tests/Doomed, run to its end.
struct Doomed {
  static let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(".build/release/doomed")

  let process = Process()
  private let log: String

  init(_ arguments: [String], log: String) throws {
    self.log = log
    process.executableURL = Self.program
    process.arguments = arguments
    // `swift test` asks for a backtrace of every crash, which takes seconds.
    process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    process.standardError = FileHandle(forWritingAtPath: log)
    process.standardOutput = FileHandle.nullDevice
    try process.run()
  }

  /// The signal that ended it, or its exit code.
  func end() -> (signal: Int32?, code: Int32, said: String) {
    process.waitUntilExit()
    let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    let status = process.terminationStatus
    return process.terminationReason == .uncaughtSignal ? (status, status, said) : (nil, status, said)
  }
}

/// A folder that ends with the test.
final class NoteFolder {
  let path = FileManager.default.temporaryDirectory.path + "/millwright-note-\(UUID().uuidString)"
  var note: String { path + "/calls.note" }
  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func doomed(
    _ how: String, limit: Int = 60_000, phase: String = "live", configuration: String = "c0ffee",
    _ who: [String] = ["rule", "suction_low", "Riverside/P-101"]
  ) throws -> Doomed {
    try Doomed([note, configuration, phase, how, "\(limit)"] + who, log: path + "/said")
  }
}
