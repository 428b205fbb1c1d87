import Foundation

/// Writes a page where somebody will open it: whole, or not at all.
func writePage(_ page: String, to path: String) throws {
  do {
    try Data(page.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  } catch {
    throw Failure.cannot("cannot write the page to \(path): no such folder, or not writable; name another file")
  }
}
