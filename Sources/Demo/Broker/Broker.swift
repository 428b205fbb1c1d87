import Foundation
import Synchronization

/// A real mosquitto of our own on a free port of 127.0.0.1, with its configuration, store and log in one folder.
package final class Broker: Sendable {
  package let port: Int
  /// Its configuration, `broker.log`, and its store when persistent.
  package let folder: String
  private let program: String
  private let process: Mutex<ChildProcess>

  package var pid: Int32 { process.withLock { $0.pid } }
  package var isRunning: Bool { process.withLock { $0.isRunning } }

  /// Starts it and returns when it accepts connections. `folder` is made when missing. A persistent broker saves
  /// after every change; `kill` may still lose what it acknowledged a moment before. Throws `DemoError`.
  package init(folder: String, persistent: Bool = false) throws {
    guard let program = executable("mosquitto") else { throw DemoError.noMosquitto }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // Between finding a free port and listening on it another program may take it: then another port.
    var tries = 5
    while true {
      let port = freePort()
      do {
        try Broker.configuration(folder: folder, port: port, persistent: persistent)
          .write(toFile: "\(folder)/mosquitto.conf", atomically: true, encoding: .utf8)
        let started = try Broker.start(program, folder: folder, port: port)
        self.port = port
        self.folder = folder
        self.program = program
        process = Mutex(started)
        return
      } catch DemoError.brokerFailed(_, let log) where log.contains("Address already in use") && tries > 1 {
        tries -= 1
      }
    }
  }

  deinit { stop() }

  /// Ends it in order; a persistent one writes its store.
  package func stop() { process.withLock { $0.stop() } }

  /// Ends it as a power cut would.
  package func kill() { process.withLock { $0.kill() } }

  /// Ends it in order if it still runs, and starts it again on the same port and store.
  package func restart() throws {
    try process.withLock {
      $0.stop()
      $0 = try Broker.start(program, folder: folder, port: port)
    }
  }

  static func configuration(folder: String, port: Int, persistent: Bool) -> String {
    var lines = [
      "listener \(port) 127.0.0.1",
      "allow_anonymous true",
      "max_queued_messages 100000",
      "max_inflight_messages 1000",
      "log_dest stderr",
      "persistence \(persistent)",
    ]
    if persistent {
      lines += ["persistence_location \(folder)/", "autosave_on_changes true", "autosave_interval 1"]
    }
    // Started by root it would become user mosquitto, who may not write into this folder.
    if geteuid() == 0 { lines.append("user root") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func start(_ program: String, folder: String, port: Int) throws -> ChildProcess {
    let log = "\(folder)/broker.log"
    let process = try ChildProcess(program, ["-c", "\(folder)/mosquitto.conf"], log: log)
    let deadline = monotonicMicroseconds() + 10_000_000
    while !accepts(port: port) {
      let failure = process.isRunning ? nil : "ended as soon as it was started"
      let late = monotonicMicroseconds() > deadline ? "did not listen on 127.0.0.1:\(port) within 10 s" : nil
      if let why = failure ?? late {
        process.kill()
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        throw DemoError.brokerFailed(why: why, log: String(text.suffix(600)))
      }
      usleep(2_000)
    }
    return process
  }
}
