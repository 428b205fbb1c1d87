import ArgumentParser
import Foundation
import Rules
import Site

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a site until SIGTERM or SIGINT: evaluates its sources, records decisions, delivers work.")
  @OptionGroup var folders: SiteFolders

  func run() throws {
    giveLargeArraysBack()
    let log = Log()
    let installation = try Installation.readGood(folders, makeSecrets: true)
    let service = try Service(installation, clock: systemClock, steady: steadyClock, log: log) { _ in }
    let stopping = Stopping {
      notifySystemd("STOPPING=1")
      log(.info, "stopping")
      service.stop()
    }
    defer { withExtendedLifetime(stopping) {} }
    let reloading = Reloading(service, folders, log: log)
    defer { reloading.stop() }
    let watchdog = Watchdog.interval().map { WatchdogTimer(Watchdog(service.board, service.steady), every: $0) }
    defer { watchdog?.stop() }
    try service.start { notifySystemd("READY=1") }
    let watch = HealthWatch(service, log: log)
    defer { watch.stop() }
    let counts = try service.waitUntilEnded()
    log(.info, "stopped", ["changes": "\(counts.taken)", "late": "\(counts.late)", "duplicate": "\(counts.duplicate)"])
  }
}
