import Foundation
import Testing

/// What a tick keeps, in case a rule fails, grows with the conditions that are due.
@Suite struct TickMemoryTests {
  private static let command =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path + "/.build/release/tickmemory"

  private func peak(_ conditions: Int) throws -> Int {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: Self.command)
    process.arguments = ["\(conditions)"]
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), "it said \(text)")
  }

  /// Four times the conditions, four times the bytes, and half as many again for arrays that grow by doubling.
  @Test func memory_of_a_tick_grows_with_what_is_due() throws {
    let (few, many) = (try peak(2_000), try peak(8_000))
    #expect(few > 0 && many < 6 * few, "\(few) and \(many) bytes")
    #expect(many < 8_000 * 2_048, "\(many) bytes for 8,000 conditions")
  }
}
