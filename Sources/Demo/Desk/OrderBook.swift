import Foundation
import Rules

/// The desk's own record and manners: which deliveries it believes, and that it takes the same work once. In memory:
/// it lasts as long as the demo.
package struct OrderBook: Sendable {
  /// One delivery as it came over the wire.
  package struct Delivery: Sendable {
    package var id: String?
    package var timestamp: String?
    package var signature: String?
    package var contentType: String?
    package var body: [UInt8]

    package init(id: String?, timestamp: String?, signature: String?, contentType: String?, body: [UInt8]) {
      self.id = id
      self.timestamp = timestamp
      self.signature = signature
      self.contentType = contentType
      self.body = body
    }
  }

  package enum Reply: Equatable, Sendable {
    case created(WorkOrder)
    /// Taken before, under the same key.
    case known(WorkOrder)
    /// Nobody is there; come back after so many seconds.
    case closed(retryAfter: Int)
    /// HTTP status, and why for people.
    case refused(status: Int, why: String)
  }

  package private(set) var orders: [WorkOrder] = []
  private let signature: DeskSignature
  private var placeByKey: [String: Int] = [:]
  private var closedFor = 0
  private var retryAfter = 0

  /// `secret` as Standard Webhooks writes it: `whsec_` and base64. Throws `DemoError.badSecret`.
  package init(secret: Secret) throws { signature = try DeskSignature(secret) }

  /// Answers the next so many deliveries with 503, as a desk that is closed for a minute.
  package mutating func close(forNext deliveries: Int, retryAfter: Int = 2) {
    closedFor = deliveries
    self.retryAfter = retryAfter
  }

  package mutating func receive(_ delivery: Delivery, now: Instant) -> Reply {
    if closedFor > 0 {
      closedFor -= 1
      return .closed(retryAfter: retryAfter)
    }
    guard let key = delivery.id, !key.isEmpty, key.utf8.count <= 256 else {
      return .refused(status: 400, why: "webhook-id is missing or longer than 256 bytes")
    }
    if let why = signature.reasonToDoubt(delivery, now: now) { return .refused(status: 401, why: why) }
    guard delivery.contentType?.hasPrefix("application/cloudevents+json") == true else {
      return .refused(status: 415, why: "this desk takes application/cloudevents+json")
    }
    if let place = placeByKey[key] { return .known(orders[place]) }
    guard let event = try? JSONDecoder().decode(WorkEvent.self, from: Data(delivery.body)), event.specversion == "1.0"
    else { return .refused(status: 400, why: "the body is no CloudEvent 1.0 with a data.title") }

    let isNote = event.type.contains(ActionKind.notification.rawValue)
    let order = WorkOrder(
      reference: isNote ? "N-\(2001 + placeByKey.count)" : "WO-\(1001 + workOrders)", title: event.data.title,
      text: event.data.text ?? "", priority: event.data.priority.flatMap { Int(exactly: $0) },
      asset: event.data.asset?.path ?? event.subject ?? "", rule: event.data.decision?.rule ?? "", key: key,
      received: now)
    placeByKey[key] = orders.count
    orders.append(order)
    return .created(order)
  }

  private var workOrders: Int { orders.count { $0.reference.hasPrefix("WO-") } }
}
