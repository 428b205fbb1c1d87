import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Rules
import Synchronization

/// A small, real work-order desk on 127.0.0.1: takes signed webhooks at `POST /`, shows its orders to a browser at
/// `GET /` and to programs at `GET /orders`.
package final class WorkOrderDesk: Sendable {
  /// Larger bodies are refused.
  static let largestBody = 64 * 1024

  private let book: Mutex<OrderBook>
  private let clock: WallClock
  private let running = Mutex<Task<Void, any Error>?>(nil)

  /// `clock` is what `webhook-timestamp` is compared with. Throws `DemoError.badSecret`.
  package init(secret: Secret, clock: @escaping WallClock) throws {
    book = Mutex(try OrderBook(secret: secret))
    self.clock = clock
  }

  /// Everything taken in so far, oldest first.
  package var orders: [WorkOrder] { book.withLock { $0.orders } }

  /// Answers the next so many deliveries with 503 and `Retry-After`, in seconds.
  package func close(forNext deliveries: Int, retryAfter: Int = 2) {
    book.withLock { $0.close(forNext: deliveries, retryAfter: retryAfter) }
  }

  /// Listens on `port` of 127.0.0.1 (0: a free one) and returns the port. Throws `DemoError.cannotListen`.
  @discardableResult
  package func start(port: Int = 0) async throws -> Int {
    let (ready, bound) = AsyncThrowingStream<Int, any Error>.makeStream()
    var logger = Logger(label: "desk")
    logger.logLevel = .critical
    let application = Application(
      router: router(),
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port), serverName: "desk"),
      onServerRunning: { channel in bound.yield(channel.localAddress?.port ?? port) }, logger: logger)
    let task = Task {
      do {
        // The command decides what signals mean.
        try await application.runService(gracefulShutdownSignals: [])
        bound.finish()
      } catch {
        bound.finish(throwing: DemoError.cannotListen(port: port, why: "\(error)"))
        throw error
      }
    }
    running.withLock { $0 = task }
    for try await port in ready { return port }
    throw DemoError.cannotListen(port: port, why: "it was stopped while it started")
  }

  /// Ends listening and returns when it has. The orders stay.
  package func stop() async {
    let task = running.withLock { running in
      defer { running = nil }
      return running
    }
    task?.cancel()
    _ = await task?.result
  }

  private func router() -> Router<BasicRequestContext> {
    let router = Router()
    router.post("/") { request, _ in try await self.receive(request) }
    router.get("/") { _, _ in
      answer(.ok, type: "text/html; charset=utf-8", orderPage(self.orders))
    }
    router.get("/orders") { _, _ in
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return answer(.ok, type: "application/json", String(decoding: try encoder.encode(self.orders), as: UTF8.self))
    }
    return router
  }

  private func receive(_ request: Request) async throws -> Response {
    // A longer body ends here with 413.
    let body = try await request.body.collect(upTo: WorkOrderDesk.largestBody)
    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { request.headers[$0] } }
    let delivery = OrderBook.Delivery(
      id: header("webhook-id"), timestamp: header("webhook-timestamp"), signature: header("webhook-signature"),
      contentType: header("content-type"), body: Array(body.readableBytesView))
    let now = clock()
    switch book.withLock({ $0.receive(delivery, now: now) }) {
    case .created(let order): return reply(.created, ["reference": order.reference, "status": "open"])
    case .known(let order): return reply(.ok, ["reference": order.reference, "status": "open"])
    case .closed(let seconds):
      var response = reply(.serviceUnavailable, ["error": "the desk is closed, come back in \(seconds) s"])
      response.headers[.retryAfter] = "\(seconds)"
      return response
    case .refused(let status, let why): return reply(.init(code: status), ["error": why])
    }
  }

  private func reply(_ status: HTTPResponse.Status, _ fields: [String: String]) -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = (try? encoder.encode(fields)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    return answer(status, type: "application/json", text)
  }
}

private func answer(_ status: HTTPResponse.Status, type: String, _ text: String) -> Response {
  var response = Response(status: status, body: .init(byteBuffer: ByteBuffer(string: text)))
  response.headers[.contentType] = type
  response.headers[.cacheControl] = "no-store"
  response.headers[.xContentTypeOptions] = "nosniff"
  response.headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'"
  return response
}
