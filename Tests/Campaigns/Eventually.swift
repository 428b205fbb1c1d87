import Foundation

package struct DidNotHappen: Error, CustomStringConvertible {
  package var what: String
  package init(what: String) { self.what = what }
  package var description: String { "did not happen: \(what)" }
}

/// Waits for something that another process does: asks often, and gives up after a minute.
package func eventually(_ what: String, seconds: Int = 60, _ happened: () throws -> Bool) throws {
  let deadline = ContinuousClock.now + .seconds(seconds)
  let pause = DispatchSemaphore(value: 0)
  while try !happened() {
    if ContinuousClock.now > deadline { throw DidNotHappen(what: what) }
    _ = pause.wait(timeout: .now() + 0.02)
  }
}
