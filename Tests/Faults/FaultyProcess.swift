import CPowerLoss
import Demo
import Foundation
import Synchronization

/// A program on a disk that can fail: started with the preloaded library, which records what it does to the files
/// whose paths begin with `files`, and fails or kills it as the control says.
package final class FaultyProcess: Sendable {
  package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  package static let products = root + "/.build/release"

  package let child: ChildProcess
  package let log: String
  private let control: Int32

  /// `prepare` sets the control before the program starts. Records and output go to files beside `folder`'s others.
  package init(
    _ program: String, _ arguments: [String], files: String, folder: String, keepsRecord: Bool = true,
    prepare: (inout power_loss_control) -> Void = { _ in }
  ) throws {
    log = folder + "/disk.log"
    try? FileManager.default.removeItem(atPath: log)
    let control = open(folder + "/control", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    self.control = control
    var first = power_loss_control()
    prepare(&first)
    withUnsafeBytes(of: first) { bytes in _ = pwrite(control, bytes.baseAddress, bytes.count, 0) }
    child = try ChildProcess(
      "/usr/bin/env",
      [
        "LD_PRELOAD=" + Self.products + "/libPowerLoss.so", "POWERLOSS_FILES=" + files,
        "POWERLOSS_CONTROL=" + folder + "/control",
      ] + (keepsRecord ? ["POWERLOSS_LOG=" + log] : []) + [program] + arguments, log: folder + "/output.log")
  }

  deinit {
    child.kill()
    close(control)
  }

  /// Changes one field of the control while the program runs.
  package func set(_ field: PartialKeyPath<power_loss_control>, to value: Int32) {
    guard let offset = MemoryLayout<power_loss_control>.offset(of: field) else { return }
    withUnsafeBytes(of: value) { bytes in _ = pwrite(control, bytes.baseAddress, bytes.count, off_t(offset)) }
  }

  /// The control as it stands.
  package var state: power_loss_control {
    var state = power_loss_control()
    withUnsafeMutableBytes(of: &state) { bytes in _ = pread(control, bytes.baseAddress, bytes.count, 0) }
    return state
  }

  /// Bytes of the record so far.
  package var recorded: Int { (try? FileManager.default.attributesOfItem(atPath: log)[.size] as? Int) ?? 0 }
}
