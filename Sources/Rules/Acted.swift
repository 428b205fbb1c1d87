/// A decision as far as it must be known when its condition clears.
struct Acted: Sendable, Equatable {
  /// A change of a setpoint, and what the tag was before.
  struct Change: Sendable, Equatable {
    /// The action's number.
    var number: Int
    var tag: TagID
    var before: Double
    var target: Double
  }
  /// An order that was to be made.
  struct Order: Sendable, Equatable {
    var number: Int
    var asset: AssetID
    var title: String
  }
  var key: DecisionKey
  /// How many actions it has.
  var count: Int
  var changes: [Change]
  var orders: [Order]
}

extension Acted {
  func encode(into writer: inout ByteWriter) {
    key.encode(into: &writer)
    writer.integer(count)
    writer.integer(changes.count)
    for change in changes {
      writer.integer(change.number)
      writer.integer(Int(change.tag.index))
      writer.double(change.before)
      writer.double(change.target)
    }
    writer.integer(orders.count)
    for order in orders {
      writer.integer(order.number)
      writer.integer(Int(order.asset.index))
      writer.text(order.title)
    }
  }

  init(from reader: inout ByteReader, _ model: Model) throws(Unreadable) {
    let small: ClosedRange<Int64> = 0...Int64(Int32.max)
    key = try DecisionKey(from: &reader)
    count = try reader.integer(in: small)
    changes = []
    for _ in 0..<(try reader.integer(in: small)) {
      let number = try reader.integer(in: small)
      let tag = TagID(try reader.integer(in: 0...Int64(model.tags.count - 1)))
      let before = try reader.double()
      changes.append(Change(number: number, tag: tag, before: before, target: try reader.double()))
    }
    orders = []
    for _ in 0..<(try reader.integer(in: small)) {
      let number = try reader.integer(in: small)
      let asset = AssetID(try reader.integer(in: 0...Int64(model.assets.count - 1)))
      orders.append(Order(number: number, asset: asset, title: try reader.text()))
    }
  }
}
