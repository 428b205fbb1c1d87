import Foundation

/// Locks and syncs of a network file system do not hold what durability rests on.
func refuseNetworkFileSystem(_ path: String) throws(LedgerError) {
  // The lock file lies beside it, and is there. Without /proc nothing can be said.
  guard let lock = realpath(path + ".lock", nil) else { return }
  defer { free(lock) }
  let place = String(cString: lock)
  guard let mounts = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8) else { return }
  guard let kind = networkFileSystem(under: place, mounts: mounts) else { return }
  throw .cannotOpen(
    path: path, why: "it lies on a network file system (\(kind)); put the state folder on a local disk")
}

/// The kind of network file system that a path lies on, by the system's table of mounts; nil for a local one.
package func networkFileSystem(under path: String, mounts: String) -> String? {
  var longest = 0
  var kind = ""
  for line in mounts.split(separator: "\n") {
    // Device, mount point (spaces as \040), type.
    let words = line.split(separator: " ")
    guard words.count > 2 else { continue }
    let point = words[1].replacing("\\040", with: " ")
    let folder = point.hasSuffix("/") ? point : point + "/"
    // A later mount hides an earlier one at the same place.
    guard (path + "/").hasPrefix(folder), folder.utf8.count >= longest else { continue }
    longest = folder.utf8.count
    kind = String(words[2])
  }
  return ["nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "afs", "9p", "fuse.sshfs"].contains(kind) ? kind : nil
}
