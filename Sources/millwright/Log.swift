import Foundation
import Rules

/// Structured lines on standard error: `time=… level=info event="…" key=value`. Values are quoted and control
/// characters escaped, so nothing a tag or a server sends can forge a line.
package struct Log: Sendable {
  enum Level: String { case info, warning, error }

  /// Nothing is written, for commands that speak for themselves.
  var quiet = false

  package init(quiet: Bool = false) { self.quiet = quiet }

  func callAsFunction(_ level: Level = .info, _ event: String, _ fields: KeyValuePairs<String, String> = [:]) {
    if quiet && level == .info { return }
    var line = "time=\(systemClock()) level=\(level.rawValue) event=\(Log.value(event))"
    for (name, value) in fields { line += " \(name)=\(Log.value(value))" }
    standardError.write(line + "\n")
  }

  private static func value(_ text: String) -> String {
    let plain = text.unicodeScalars.allSatisfy {
      $0 == "_" || $0 == "-" || $0 == "." || $0 == "/" || $0 == ":" || $0 == "@" || $0 == "#"
        || ("0"..."9").contains($0) || ("a"..."z").contains($0) || ("A"..."Z").contains($0)
    }
    if plain, !text.isEmpty { return text }
    return json(.text(text))
  }
}

/// The system's wall clock.
let systemClock: WallClock = {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Instant(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000)
}

/// Counts evenly, sleep included, and is never set.
let steadyClock: WallClock = {
  var now = timespec()
  clock_gettime(CLOCK_BOOTTIME, &now)
  return Instant(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000)
}
