import Dispatch
import Foundation
import Glibc
import Site
import Synchronization

/// Has the site's files taken over when they change and on SIGHUP. It lives as long as the
/// engine runs.
final class Reloading {
  private let hangUp: any DispatchSourceSignal
  private let watch: FolderWatch?

  init(_ service: Service, _ folders: SiteFolders, log: Log) {
    let turn = Turn()
    let reload: @Sendable () -> Void = {
      let thread = Thread {
        turn.take {
          notifySystemd("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())")
          service.reload(folders) { notifySystemd("READY=1") }
        }
      }
      thread.name = "reload"
      // Rules are read and their examples run here: as much as the engine's thread has for them.
      thread.stackSize = 8 << 20
      thread.start()
    }
    signal(SIGHUP, SIG_IGN)
    hangUp = DispatchSource.makeSignalSource(signal: SIGHUP, queue: DispatchQueue(label: "hang-up"))
    hangUp.setEventHandler {
      log(.info, "reloading", ["why": "SIGHUP"])
      reload()
    }
    hangUp.resume()
    let site = service.installation.site
    do {
      let rules = folders.rules ?? site.rulesFolder
      watch = try FolderWatch(
        [site.folder, rules], orNone: [rules + "/" + Installation.classesFolder], changed: reload)
    } catch {
      watch = nil
      log(.warning, "reloading", ["what": "\(error); changed files are taken over at SIGHUP only"])
    }
  }

  func stop() {
    hangUp.cancel()
    watch?.stop()
  }
}

/// One reload after another.
private final class Turn: Sendable {
  private let mutex = Mutex(())
  func take(_ body: () -> Void) { mutex.withLock { _ in body() } }
}

private func monotonicMicroseconds() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
}

/// Tells when files of some folders have changed and been left alone for a second. What changed is not told: editors
/// rename, and events may be lost, so that only looking again is sure.
final class FolderWatch: Sendable {
  private static let quietMilliseconds: Int32 = 1_000
  private static let events = UInt32(
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF)

  private let folders: [String]
  /// They need not be there.
  private let others: [String]
  private let changed: @Sendable () -> Void
  private let descriptor: Int32
  /// Writing to it ends the thread.
  private let ending: (read: Int32, write: Int32)

  /// Throws when the system has no more watches to give. `changed` is called on a thread of its own.
  init(
    _ folders: [String], orNone others: [String] = [], changed: @escaping @Sendable () -> Void
  ) throws(SocketError) {
    self.folders = folders
    self.others = others
    self.changed = changed
    descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { throw .now("cannot watch files") }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      close(descriptor)
      throw .now("cannot watch files")
    }
    ending = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    guard watchAll() else {
      let error = SocketError.now("cannot watch \(folders.joined(separator: ", "))")
      for end in ends + [descriptor] { close(end) }
      throw error
    }
    let thread = Thread { self.look() }
    thread.name = "folders"
    thread.start()
  }

  func stop() { _ = write(ending.write, "x", 1) }

  private func look() {
    var isDirty = false
    while true {
      var ends = [
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: ending.read, events: Int16(POLLIN), revents: 0),
      ]
      let count = poll(&ends, 2, isDirty ? Self.quietMilliseconds : -1)
      if ends[1].revents != 0 { break }
      if count > 0 {
        isDirty = true
        drain()
      } else if count == 0 {
        // A folder that was replaced is another one and needs another watch; until it is there, look again.
        isDirty = !watchAll()
        changed()
      }
    }
    for end in [descriptor, ending.read, ending.write] { close(end) }
  }

  /// A folder that is watched already keeps its watch.
  private func watchAll() -> Bool {
    for other in others { _ = inotify_add_watch(descriptor, other, Self.events) }
    return folders.allSatisfy { inotify_add_watch(descriptor, $0, Self.events) >= 0 }
  }

  private func drain() {
    var bytes = [UInt8](repeating: 0, count: 16 << 10)
    while read(descriptor, &bytes, bytes.count) > 0 {}
  }
}
