import Foundation
import Rules

/// Runs one adapter's errands: claims what is due, sends it or asks about it, and reports what came of it. It lives as
/// one thread, on which the adapter's code and the HTTP client are made and used: no other adapter waits for it.
///
/// It moves no action itself. After `report` an action stays *sending*, so it cannot be claimed again, until the
/// engine has journalled the attempt and settled the action in the same transaction.
package final class Dispatcher: Sendable {
  private let bell = Bell()
  private let makeWorker: @Sendable () -> Worker
  private let name: String

  /// `site` is the site's name as other systems should see it. `code` makes the adapter's code; it is called on the
  /// worker's thread, and again later when it throws. `secretsAgain` reads the adapter's secrets anew, for when the
  /// other side does not believe those in hand. `log` takes lines that hold no secret.
  package init(
    settings: AdapterSettings, queue: any ActionQueue, site: String,
    code: @escaping @Sendable () throws -> any AdapterCode,
    secretsAgain: (@Sendable () -> [String: Secret]?)? = nil, clock: @escaping WallClock,
    log: @escaping @Sendable (String) -> Void
  ) {
    name = settings.name
    makeWorker = {
      Worker(
        settings: settings, queue: queue, site: site, code: code, secretsAgain: secretsAgain, clock: clock, log: log)
    }
  }

  /// Starts the thread; once.
  package func start() {
    bell.open()
    let thread = Thread { [bell, makeWorker] in
      makeWorker().run(until: bell)
      bell.close()
    }
    thread.name = "adapter \(name)"
    thread.start()
  }

  /// Something may be due: call it after each commit that made or settled actions. Never blocks, from any thread.
  package func wake() { bell.ring() }

  /// Takes no further action; returns at once. Asking all dispatchers first makes them end side by side.
  package func finish() { bell.finish() }

  /// Takes no further action, waits until the request in hand has its answer (at most its time limit) and is
  /// reported, and ends the thread.
  package func stop() {
    bell.finish()
    bell.waitUntilClosed()
  }
}
