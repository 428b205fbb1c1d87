import Foundation
import Rules

/// Blocks of inputs on their way from the thread that reads to one that decides; at most a few lie between. Shared by
/// the two.
// Everything in it is touched under `condition` alone, which a Mutex cannot wait on.
final class HandOver: @unchecked Sendable {
  private let condition = NSCondition()
  private var blocks: [[Input]] = []
  private var spare: [[Input]] = []
  private var isOver = false
  private var isAbandoned = false
  private static let most = 8

  /// Waits while there are too many.
  func give(_ block: consuming [Input]) {
    condition.lock()
    defer { condition.unlock() }
    while blocks.count >= Self.most, !isAbandoned { condition.wait() }
    guard !isAbandoned else { return }
    blocks.append(block)
    condition.broadcast()
  }

  /// Nil after the last.
  func take() -> [Input]? {
    condition.lock()
    defer { condition.unlock() }
    while blocks.isEmpty, !isOver { condition.wait() }
    guard !blocks.isEmpty else { return nil }
    defer { condition.broadcast() }
    return blocks.removeFirst()
  }

  /// An empty block, with room if one came back.
  func empty() -> [Input] {
    condition.lock()
    defer { condition.unlock() }
    return spare.popLast() ?? []
  }

  /// The emptied block may be filled again.
  func giveBack(_ block: consuming [Input]) {
    condition.lock()
    defer { condition.unlock() }
    if spare.count < Self.most { spare.append(block) }
  }

  func end() {
    condition.lock()
    defer { condition.unlock() }
    isOver = true
    condition.broadcast()
  }

  /// Nobody takes any more: the thread that decides has failed.
  func abandon() {
    condition.lock()
    defer { condition.unlock() }
    isAbandoned = true
    blocks.removeAll()
    condition.broadcast()
  }
}
