import CPowerLoss
import Foundation
import LedgerWriter

/// What a program did to its files, as the preloaded library recorded it.
enum DiskEvent {
  case opened(file: UInt32, path: String, isNew: Bool)
  case written(file: UInt32, offset: Int, bytes: [UInt8])
  case truncated(file: UInt32, length: Int)
  case synced(file: UInt32)
  case folderSynced
  case unlinked(file: UInt32)
  case renamed(file: UInt32, path: String)
  /// The program said that it came so far.
  case noted

  /// All of a log; a torn record at its end never happened.
  static func read(_ path: String) throws -> [DiskEvent] {
    let log = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let size = MemoryLayout<power_loss_record>.size
    var events: [DiskEvent] = []
    var place = 0
    while place + size <= log.count {
      let record = log.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: power_loss_record.self) }
      let end = place + size + Int(record.length)
      guard end <= log.count else { break }
      let bytes = log[(place + size)..<end]
      place = end
      switch Character(UnicodeScalar(UInt8(record.kind))) {
      case "O":
        events.append(
          .opened(file: record.file, path: String(decoding: bytes, as: UTF8.self), isNew: record.b == 1))
      case "W": events.append(.written(file: record.file, offset: Int(record.a), bytes: Array(bytes)))
      case "T": events.append(.truncated(file: record.file, length: Int(record.a)))
      case "S": events.append(.synced(file: record.file))
      case "D": events.append(.folderSynced)
      case "U": events.append(.unlinked(file: record.file))
      case "R": events.append(.renamed(file: record.file, path: String(decoding: bytes, as: UTF8.self)))
      default: events.append(.noted)
      }
    }
    return events
  }
}

/// What was lost when the power failed.
enum Loss: CaseIterable {
  /// Nothing: the process died and the machine went on.
  case nothing
  /// Whatever was not synced.
  case everything
  /// Sectors of 512 bytes of what was not synced, each or not, in no order.
  case sectors
  /// The same with pages of 4,096 bytes.
  case pages
  /// Some of the newest changes, in order.
  case newest
}

/// A disk with a cache in front of it: changes are durable when their file was synced, names when their folder was.
struct Disk {
  fileprivate enum Change {
    case write(offset: Int, bytes: [UInt8])
    case length(Int)
  }
  fileprivate struct File {
    var durable: [UInt8] = []
    var pending: [Change] = []
  }
  private var files: [UInt32: File] = [:]
  private var names: [String: UInt32] = [:]
  /// Each is made whole or not at all: names that are given to files, or taken away.
  private var pendingNames: [[String: UInt32?]] = []
  /// How often the program had said that it came so far.
  private(set) var notes = 0

  mutating func take(_ event: DiskEvent) {
    switch event {
    case .opened(let file, let path, let isNew):
      if isNew { pendingNames.append([path: UInt32?.some(file)]) }
      if files[file] == nil { files[file] = File() }
    case .written(let file, let offset, let bytes):
      files[file]?.pending.append(.write(offset: offset, bytes: bytes))
    case .truncated(let file, let length):
      files[file]?.pending.append(.length(length))
    case .synced(let file):
      files[file]?.sync()
    case .folderSynced:
      names = newNames(pendingNames.count)
      pendingNames = []
    case .unlinked(let file):
      if let path = path(of: file) { pendingNames.append([path: UInt32?.none]) }
    case .renamed(let file, let path):
      if let old = self.path(of: file) { pendingNames.append([old: UInt32?.none, path: UInt32?.some(file)]) }
    case .noted:
      notes += 1
    }
  }

  /// As they are after so many of the changes that are not durable.
  private func newNames(_ count: Int) -> [String: UInt32] {
    pendingNames.prefix(count).reduce(into: names) { names, change in
      for (path, file) in change { names[path] = file }
    }
  }

  private func path(of file: UInt32) -> String? {
    newNames(pendingNames.count).first { $0.value == file }?.key
  }

  /// What is there when the power comes back: path to bytes.
  func contents(after loss: Loss, _ dice: inout SplitMix) -> [String: [UInt8]] {
    // A folder's changes are kept in their order.
    let kept =
      switch loss {
      case .nothing: pendingNames.count
      case .everything: 0
      case .sectors, .pages, .newest: dice.below(pendingNames.count + 1)
      }
    let names = newNames(kept)
    var contents: [String: [UInt8]] = [:]
    for path in names.keys.sorted() {
      guard let number = names[path], let file = files[number] else { continue }
      contents[path] = file.contents(after: loss, &dice)
    }
    return contents
  }
}

extension Disk.File {
  fileprivate mutating func sync() {
    for change in pending { Self.make(change, in: &durable) { _ in true } }
    pending = []
  }

  fileprivate func contents(after loss: Loss, _ dice: inout SplitMix) -> [UInt8] {
    var bytes = durable
    let likelihood = [1, 5, 9][dice.below(3)]
    switch loss {
    case .nothing:
      for change in pending { Self.make(change, in: &bytes) { _ in true } }
    case .everything:
      break
    case .newest:
      for change in pending.prefix(dice.below(pending.count + 1)) { Self.make(change, in: &bytes) { _ in true } }
    case .sectors, .pages:
      let size = loss == .pages ? 4_096 : 512
      for change in pending {
        var fate: [Int: Bool] = [:]
        Self.make(change, in: &bytes) { offset in
          if let known = fate[offset / size] { return known }
          let isKept = dice.below(10) < likelihood
          fate[offset / size] = isKept
          return isKept
        }
      }
    }
    return bytes
  }

  /// Makes those parts of a change that are `kept`, asked for by a byte's offset at the beginning of each sector.
  private static func make(_ change: Disk.Change, in bytes: inout [UInt8], where kept: (Int) -> Bool) {
    switch change {
    case .length(let length):
      guard kept(length) else { return }
      if length < bytes.count {
        bytes.removeLast(bytes.count - length)
      } else {
        bytes += [UInt8](repeating: 0, count: length - bytes.count)
      }
    case .write(let offset, let new):
      var place = 0
      while place < new.count {
        let end = min(new.count, ((offset + place) / 512 + 1) * 512 - offset)
        if kept(offset + place) {
          if bytes.count < offset + end { bytes += [UInt8](repeating: 0, count: offset + end - bytes.count) }
          bytes.replaceSubrange((offset + place)..<(offset + end), with: new[place..<end])
        }
        place = end
      }
    }
  }
}
