import Dispatch
import Rules
import Synchronization

/// Makes snapshots of the engine's memory beside its thread: the bytes are another thread's work, and they ride,
/// a piece or two at a time, with the batches that come after.
struct SnapshotMaker {
  /// One a minute is begun,
  static let interval = TimeSpan.minutes(1)
  /// and at most so many of its pieces ride with one batch.
  static let piecesABatch = 2

  /// What the two threads share.
  private final class Bench: Sendable {
    private struct State {
      var isBusy = false
      var pieces: [SnapshotPiece] = []
    }
    private let state = Mutex(State())

    var isEmpty: Bool { state.withLock { !$0.isBusy && $0.pieces.isEmpty } }
    func begin() { state.withLock { $0.isBusy = true } }
    func lay(_ pieces: [SnapshotPiece]) { state.withLock { $0 = State(isBusy: false, pieces: pieces) } }
    func clear() -> [SnapshotPiece] {
      state.withLock { state in
        defer { state.pieces = [] }
        return state.pieces
      }
    }
  }
  private let bench = Bench()
  private let queue = DispatchQueue(label: "snapshots", qos: .utility)
  private var waiting: [SnapshotPiece] = []

  /// Whether one is being made or still has pieces to be written.
  var isUnderWay: Bool { !waiting.isEmpty || !bench.isEmpty }

  /// Begins one of `memory`, which holds all inputs before `next`; `done` is called from the other thread.
  func begin(
    _ memory: FrozenMemory, before next: Int64, of configuration: Digest, at now: Instant,
    done: @escaping @Sendable () -> Void
  ) {
    bench.begin()
    let handed = Handed(memory)
    queue.async { [bench] in
      guard var memory = handed.take() else { return }
      bench.lay(memory.takePieces(before: next, of: configuration, at: now))
      done()
    }
  }

  /// Hands a memory to the other thread and keeps nothing of it: what is held is copied when it changes.
  private final class Handed: Sendable {
    private let memory: Mutex<FrozenMemory?>
    init(_ memory: FrozenMemory) { self.memory = Mutex(memory) }
    func take() -> FrozenMemory? { memory.withLock { $0.take() } }
  }

  /// The next pieces to be written; none while they are being made.
  mutating func take(_ count: Int = SnapshotMaker.piecesABatch) -> [SnapshotPiece] {
    if waiting.isEmpty { waiting = bench.clear() }
    let taken = Array(waiting.prefix(count))
    waiting.removeFirst(taken.count)
    return taken
  }

  /// Waits for the one that is being made.
  func finish() { queue.sync {} }

  /// Forgets what is under way: a piece of it was not written.
  mutating func forget() {
    finish()
    _ = bench.clear()
    waiting = []
  }
}
