import Foundation
import Rules

/// How much memory the process should take at most: what the site says, else the limit of its control group less a
/// tenth, so that a person knows of it before the kernel ends the process.
package struct MemoryBound: Sendable, Equatable {
  package var bytes: Int64
  /// Where it comes from, for people.
  package var origin: String

  /// The bound of this process; nil where neither the site nor a control group has one. `groups` names the process's
  /// control groups, `mount` is where their settings lie.
  package static func find(
    site: Int64?, groups: String = "/proc/self/cgroup", mount: String = "/sys/fs/cgroup"
  ) -> MemoryBound? {
    if let site { return MemoryBound(bytes: site, origin: "the site's 'memory_at_most'") }
    guard let limit = limit(groups, mount) else { return nil }
    return MemoryBound(bytes: limit - limit / 10, origin: "the limit of \(size(limit)) on this process less a tenth")
  }

  /// The least limit of the process's control group and those above it.
  private static func limit(_ groups: String, _ mount: String) -> Int64? {
    var least: Int64?
    for line in text(groups).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      // Version 2 has one tree without a name, version 1 one for each controller.
      let (folder, file): (String, String)
      if parts[1].isEmpty {
        (folder, file) = (mount, "memory.max")
      } else if parts[1].split(separator: ",").contains("memory") {
        (folder, file) = (mount + "/memory", "memory.limit_in_bytes")
      } else {
        continue
      }
      var names = parts[2].split(separator: "/")
      while true {
        let path = ([folder] + names.map(String.init) + [file]).joined(separator: "/")
        // "max" is none, and so is what version 1 writes for it, nearly 2^63.
        if let bytes = Int64(text(path).trimmingCharacters(in: .whitespacesAndNewlines)), bytes > 0, bytes < 1 << 60 {
          least = min(least ?? bytes, bytes)
        }
        if names.isEmpty { break }
        names.removeLast()
      }
    }
    return least
  }

  private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

  /// A trouble while the process takes more.
  package func trouble(resident: Int64) -> Trouble? {
    guard resident > bytes else { return nil }
    return Trouble(
      .memory,
      "the process takes \(size(resident)) of memory, more than \(size(bytes)) (\(origin)): see what 'check' reckons "
        + "for its windows")
  }

  /// What this process takes now; nil where the kernel does not say.
  package static var resident: Int64? {
    let pages = text("/proc/self/statm").split(separator: " ").dropFirst().first.flatMap { Int64($0) }
    return pages.map { $0 * Int64(sysconf(Int32(_SC_PAGESIZE))) }
  }
}
