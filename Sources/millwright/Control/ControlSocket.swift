import Foundation
import Glibc
import Site
import Synchronization

/// The running engine's ear: a socket beside the ledger, one request and one answer a connection. It has threads of
/// its own and a few connections at once, each with little time to say what it wants, so that nobody who talks to it
/// holds up the engine or, for long, anybody else.
final class ControlSocket: Sendable {
  /// What answers a request, on a thread where it may wait. The person is nil where the account is nobody's.
  typealias Respond = @Sendable (ControlRequest, _ person: Person?, _ account: String) -> ControlAnswer

  private static let conversations = 16
  private static let patience = 2.0

  private let path: String
  private let people: [Person]
  private let respond: Respond
  private let descriptor: Mutex<Int32>
  private let free = DispatchSemaphore(value: conversations)

  /// Listens at `path`, for the process that holds the ledger's lock and for no other.
  init(path: String, people: [Person], respond: @escaping Respond) throws(SocketError) {
    self.path = path
    self.people = people
    self.respond = respond
    descriptor = Mutex(try listen(at: path))
  }

  func start() {
    let thread = Thread { self.accept() }
    thread.name = "control"
    thread.start()
  }

  /// Takes no further connection; those in hand get their answers if the process lives so long.
  func stop() {
    descriptor.withLock { descriptor in
      guard descriptor >= 0 else { return }
      unlink(path)
      // Wakes the thread that accepts.
      shutdown(descriptor, Int32(SHUT_RDWR))
      close(descriptor)
      descriptor = -1
    }
  }

  private func accept() {
    while true {
      free.wait()
      let listening = descriptor.withLock { $0 }
      guard listening >= 0 else { return }
      let connected = Glibc.accept(listening, nil, nil)
      guard connected >= 0 else {
        free.signal()
        if errno == EBADF || errno == EINVAL { return }
        // Out of descriptors, say: there will be some when others end.
        if errno != EINTR && errno != ECONNABORTED { poll(nil, 0, 100) }
        continue
      }
      // No child of ours is to keep somebody's connection open.
      _ = fcntl(connected, F_SETFD, FD_CLOEXEC)
      let connection = Handed(LineConnection(descriptor: connected))
      Thread.detachNewThread { [self] in
        defer { free.signal() }
        converse(connection.connection)
      }
    }
  }

  private func converse(_ connection: LineConnection) {
    let answer: ControlAnswer
    guard let line = connection.line(within: Self.patience) else { return }
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
    guard let line = try? answer.line else { return }
    _ = connection.say(line, within: Self.patience)
  }
}

// Made on one thread and given to one other, which alone uses it from there on.
private struct Handed: @unchecked Sendable {
  let connection: LineConnection
  init(_ connection: LineConnection) { self.connection = connection }
}
