import Foundation
import Glibc
import Site
import Synchronization

/// The socket beside the ledger by which a running engine takes requests: one request and one answer a connection. One
/// thread reads from all connections that have not yet sent their request, so that a silent one costs a descriptor and no
/// thread; a few more answer, one of them halts only. So no client holds up the engine, or keeps another from halting it.
final class ControlSocket: Sendable {
  /// What answers a request, on a thread where it may wait. The person is nil where the account is nobody's.
  typealias Respond = @Sendable (ControlRequest, _ person: Person?, _ account: String) -> ControlAnswer

  /// Connections that have not sent their request. With one more, the one that was silent longest is closed.
  static let mostSilent = 512
  /// How long one may say nothing, and how long one may take to read its answer.
  private static let silence = 10.0
  private static let answering = 2.0

  private let path: String
  private let people: [Person]
  private let respond: Respond
  private let descriptor: Mutex<Int32>
  private let ordinary = Lane(threads: 15, waiting: 128)
  /// Kept free of everything else.
  private let halts = Lane(threads: 1, waiting: 128)

  /// Listens at `path`, for the process that holds the ledger's lock and for no other.
  init(path: String, people: [Person], respond: @escaping Respond) throws(SocketError) {
    self.path = path
    self.people = people
    self.respond = respond
    descriptor = Mutex(try listen(at: path))
  }

  func start() {
    let thread = Thread { self.readAll() }
    thread.name = "control"
    thread.start()
  }

  /// Takes no further connection; those in hand get their answers if the process lives so long.
  func stop() {
    descriptor.withLock { descriptor in
      guard descriptor >= 0 else { return }
      unlink(path)
      // Wakes the thread that listens.
      shutdown(descriptor, Int32(SHUT_RDWR))
      close(descriptor)
      descriptor = -1
    }
  }

  /// A connection that has not sent its request.
  private struct Silent {
    var connection: LineConnection
    var deadline: DispatchTime
  }

  private func readAll() {
    // Oldest first.
    var silent: [Silent] = []
    while true {
      let listening = descriptor.withLock { $0 }
      guard listening >= 0 else { return }
      var entries = [pollfd(fd: listening, events: Int16(POLLIN), revents: 0)]
      entries += silent.map { pollfd(fd: $0.connection.descriptor, events: Int16(POLLIN), revents: 0) }
      _ = poll(&entries, nfds_t(entries.count), Self.milliseconds(until: silent.first?.deadline))
      guard descriptor.withLock({ $0 == listening }) else { return }
      let now = DispatchTime.now()
      var still: [Silent] = []
      for (entry, one) in zip(entries.dropFirst(), silent) {
        if entry.revents == 0 || !read(one.connection), now < one.deadline { still.append(one) }
      }
      silent = still
      if entries[0].revents != 0 { accept(listening, &silent) }
    }
  }

  private static func milliseconds(until deadline: DispatchTime?) -> Int32 {
    guard let deadline else { return -1 }
    let now = DispatchTime.now()
    return now < deadline ? Int32(clamping: (deadline.uptimeNanoseconds - now.uptimeNanoseconds) / 1_000_000 + 1) : 0
  }

  /// Takes everyone who waits to be accepted.
  private func accept(_ listening: Int32, _ silent: inout [Silent]) {
    while true {
      let connected = Glibc.accept(listening, nil, nil)
      guard connected >= 0 else {
        switch errno {
        case EINTR, ECONNABORTED: continue
        case EMFILE, ENFILE, ENOMEM, ENOBUFS:
          // Who says nothing makes room; where nobody does, some descriptors are free when others end.
          if silent.isEmpty { poll(nil, 0, 100) } else { silent.removeFirst() }
          return
        default: return
        }
      }
      // No child of ours is to keep somebody's connection open.
      _ = fcntl(connected, F_SETFD, FD_CLOEXEC)
      let connection = LineConnection(descriptor: connected)
      // Our commands say their line at once.
      if read(connection) { continue }
      if silent.count >= Self.mostSilent {
        // Its request may have come meanwhile.
        _ = read(silent.removeFirst().connection)
      }
      silent.append(Silent(connection: connection, deadline: .now() + Self.silence))
    }
  }

  /// Whether it sent its request, or ended; then it is no longer silent.
  private func read(_ connection: LineConnection) -> Bool {
    switch connection.receive() {
    case .nothing: return false
    case .over: return true
    case .line(let line):
      // As our commands write it; read here, a long line of others would delay it.
      let isHalt = line.starts(with: #"{"halt":"#.utf8)
      let handed = Handed(connection)
      let isTaken = (isHalt ? halts : ordinary).run { [self] in converse(handed.connection, line) }
      if !isTaken {
        say(
          .failed(why: "too many ask the engine for something at the same time; try again"), to: connection,
          within: 0.01)
      }
      return true
    }
  }

  private func converse(_ connection: LineConnection, _ line: [UInt8]) {
    let answer: ControlAnswer
    do {
      let uid = try connection.peer()
      let account = accountName(uid) ?? "\(uid)"
      if let request = try? ControlRequest(line: line) {
        answer = respond(request, people.person(withLogin: account), account)
      } else {
        answer = .failed(why: "the request was not understood; use the command of the engine's own version")
      }
    } catch {
      answer = .failed(why: "\(error)")
    }
    say(answer, to: connection, within: Self.answering)
  }

  private func say(_ answer: ControlAnswer, to connection: LineConnection, within seconds: Double) {
    guard let line = try? answer.line else { return }
    _ = connection.say(line, within: seconds)
  }
}

// Made on one thread and given to one other, which alone uses it from there on.
private struct Handed: @unchecked Sendable {
  let connection: LineConnection
  init(_ connection: LineConnection) { self.connection = connection }
}

/// Work that a few threads do in order. A thread lives as long as there is something to do.
private final class Lane: Sendable {
  typealias Work = @Sendable () -> Void
  private struct State {
    var queue: [Work] = []
    var threads = 0
  }
  private let state = Mutex(State())
  private let threads: Int
  private let waiting: Int

  init(threads: Int, waiting: Int) {
    self.threads = threads
    self.waiting = waiting
  }

  /// False when too much waits already.
  func run(_ work: @escaping Work) -> Bool {
    enum Place { case thread, queue, none }
    let place = state.withLock { state -> Place in
      if state.threads < threads {
        state.threads += 1
        return .thread
      }
      guard state.queue.count < waiting else { return .none }
      state.queue.append(work)
      return .queue
    }
    if place == .thread {
      Thread.detachNewThread { [self] in
        var next: Work? = work
        while let work = next {
          work()
          next = state.withLock { state in
            if state.queue.isEmpty {
              state.threads -= 1
              return nil
            }
            return state.queue.removeFirst()
          }
        }
      }
    }
    return place != .none
  }
}
