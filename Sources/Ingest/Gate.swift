import Foundation
import Rules

/// What the engine's thread and the thread of one source share: what was read, and who may do what.
// `lock` guards every variable; the pipe is used by system calls only.
final class Gate: @unchecked Sendable {
  /// More than this is not read ahead of the engine.
  static let mostUntaken = 8_192

  enum Answer { case committed, refused }

  /// What the source's thread has to do next.
  struct Standing {
    var stopping: Bool
    /// The engine's answer to a hold, given once.
    var answer: Answer?
    var mayRead: Bool
  }

  private let lock = NSCondition()
  private var ready = Intake()
  private var held = false
  private var reading = false
  /// Not yet seen by the thread, oldest first: what was committed before something was refused is still committed.
  private var answers: [Answer] = []
  private var stopping = false
  private var running = false
  private var link: LinkCondition
  private let wakeRead: Int32
  private let wakeWrite: Int32

  init(since: Instant) throws(MQTTFailure) {
    link = LinkCondition(since: since)
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw .setting("no pipe: \(String(cString: strerror(errno)))") }
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    wakeRead = ends[0]
    wakeWrite = ends[1]
  }

  deinit {
    close(wakeRead)
    close(wakeWrite)
  }

  // MARK: The engine's side

  func take(into intake: inout Intake) {
    lock.lock()
    let wasFull = isFull
    ready.move(to: &intake)
    lock.unlock()
    if wasFull { wakeThread() }
  }

  func hold() {
    lock.lock()
    held = true
    while reading { lock.wait() }
    lock.unlock()
  }

  func answer(_ answer: Answer) {
    lock.lock()
    held = false
    if answers.last != answer { answers.append(answer) }
    if answer == .refused { ready = Intake() }
    lock.unlock()
    wakeThread()
  }

  /// How the link is now.
  var condition: LinkCondition {
    lock.lock()
    defer { lock.unlock() }
    var link = link
    link.untaken = ready.inputs.count + ready.deadLetters.count
    return link
  }

  /// Ends the thread; waits for it, but not for a name server.
  func stop(waiting seconds: TimeInterval) {
    lock.lock()
    stopping = true
    lock.unlock()
    wakeThread()
    lock.lock()
    let deadline = Date(timeIntervalSinceNow: seconds)
    while running, lock.wait(until: deadline) {}
    lock.unlock()
  }

  // MARK: The thread's side

  func began() {
    lock.lock()
    running = true
    lock.unlock()
  }

  func ended() {
    lock.lock()
    running = false
    lock.broadcast()
    lock.unlock()
  }

  func note(_ change: (inout LinkCondition) -> Void) {
    lock.lock()
    change(&link)
    lock.unlock()
  }

  var isStopping: Bool {
    lock.lock()
    defer { lock.unlock() }
    return stopping
  }

  func standing() -> Standing {
    lock.lock()
    defer { lock.unlock() }
    let answer = answers.isEmpty ? nil : answers.removeFirst()
    return Standing(stopping: stopping, answer: answer, mayRead: !held && !isFull)
  }

  /// Whether the thread may read now; if so, `endReading` must follow.
  func beginReading() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    // An answer not yet seen comes first: acknowledgements are written before more is read.
    guard !held, !isFull, !stopping, answers.isEmpty else { return false }
    reading = true
    return true
  }

  /// Hands over what was read and empties it; whether there was anything.
  func endReading(_ intake: inout Intake) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    reading = false
    lock.broadcast()
    return append(&intake)
  }

  /// Hands over what is not a message: events of the link.
  func add(_ intake: inout Intake) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    return append(&intake)
  }

  /// Waits until one of the descriptors is ready, something changes here, or the time is over. What is ready of
  /// `descriptor`; 0 for nothing.
  func poll(_ descriptor: Int32?, _ events: Int32, milliseconds: Int) -> Int32 {
    var descriptors = [
      pollfd(fd: wakeRead, events: Int16(POLLIN), revents: 0),
      pollfd(fd: descriptor ?? -1, events: Int16(truncatingIfNeeded: events), revents: 0),
    ]
    _ = Foundation.poll(&descriptors, 2, Int32(clamping: max(0, milliseconds)))
    if descriptors[0].revents != 0 {
      var bytes: [UInt8] = Array(repeating: 0, count: 64)
      while read(wakeRead, &bytes, bytes.count) > 0 {}
    }
    return Int32(descriptors[1].revents)
  }

  private var isFull: Bool {
    max(ready.inputs.count + ready.deadLetters.count, ready.marks.count) >= Self.mostUntaken
  }

  private func append(_ intake: inout Intake) -> Bool {
    guard !intake.isEmpty else { return false }
    intake.move(to: &ready)
    return true
  }

  private func wakeThread() {
    var byte: UInt8 = 1
    // A full pipe wakes as well.
    _ = write(wakeWrite, &byte, 1)
  }
}

extension Intake {
  var isEmpty: Bool { inputs.isEmpty && deadLetters.isEmpty && marks.isEmpty }

  /// Leaves nothing here. Into an empty one it goes whole, and the arrays change places.
  fileprivate mutating func move(to other: inout Intake) {
    guard !other.isEmpty else { return swap(&self, &other) }
    let before = other.inputs.count
    other.inputs.append(contentsOf: inputs)
    for origin in origins {
      let inputs = (before + origin.inputs.lowerBound)..<(before + origin.inputs.upperBound)
      other.origins.append(Origin(hash: origin.hash, inputs: inputs))
    }
    other.deadLetters.append(contentsOf: deadLetters)
    other.marks.append(contentsOf: marks)
    inputs.removeAll(keepingCapacity: true)
    deadLetters.removeAll(keepingCapacity: true)
    marks.removeAll(keepingCapacity: true)
    origins.removeAll(keepingCapacity: true)
  }
}
