/// Inputs as bytes. Cases and fields are append-only: a journal of years is read with the reader of today.
extension Input {
  package func encode(into writer: inout ByteWriter) {
    switch self {
    case .change(let change):
      writer.byte(1)
      writer.integer(Int(change.tag.index))
      writer.integer(change.time.microseconds)
      writer.integer(change.arrived.microseconds &- change.time.microseconds)
      writer.byte(change.quality.rawValue | (change.retainedWithoutTime ? 0x80 : 0))
      change.value.encode(into: &writer)
    case .tick(let source, let time):
      writer.byte(2)
      writer.integer(Int(source.index))
      writer.integer(time.microseconds)
    case .source(let source, let event, let time):
      writer.byte(3)
      writer.integer(Int(source.index))
      writer.byte(event.rawValue)
      writer.integer(time.microseconds)
    case .bind(let tag, let asset, let name, let assetClass):
      writer.byte(4)
      writer.integer(Int(tag.index))
      writer.text(asset)
      writer.text(name)
      writer.text(assetClass)
    case .config(let digest):
      writer.byte(5)
      writer.text(digest.hex)
    case .command(let command): command.encode(into: &writer)
    case .fault(let fault):
      writer.byte(fault.kind == .error ? 7 : 15)
      fault.encode(into: &writer)
      if fault.kind != .error { writer.byte(fault.kind.rawValue) }
    case .death(let fault):
      writer.byte(11)
      fault.encode(into: &writer)
    }
  }

  package init(from reader: inout ByteReader) throws(Unreadable) {
    let kind = try reader.byte()
    switch kind {
    case 1:
      let tag = try TagID(from: &reader)
      let time = Instant(microseconds: try reader.integer())
      let arrived = Instant(microseconds: time.microseconds &+ (try reader.integer()))
      let flags = try reader.byte()
      guard let quality = Quality(rawValue: flags & 0x7F) else { throw Unreadable(at: reader.offset) }
      self = .change(
        TagChange(
          tag, try Value(from: &reader), quality: quality, time: time, arrived: arrived,
          retainedWithoutTime: flags & 0x80 != 0))
    case 2: self = .tick(try SourceID(from: &reader), Instant(microseconds: try reader.integer()))
    case 3:
      let source = try SourceID(from: &reader)
      guard let event = LinkEvent(rawValue: try reader.byte()) else { throw Unreadable(at: reader.offset) }
      self = .source(source, event, Instant(microseconds: try reader.integer()))
    case 4:
      let tag = try TagID(from: &reader)
      self = .bind(tag, asset: try reader.text(), tag: try reader.text(), assetClass: try reader.text())
    case 5: self = .config(Digest(hex: try reader.text()))
    case 7: self = .fault(try Fault(from: &reader))
    case 15:
      var fault = try Fault(from: &reader)
      guard let kind = FaultCause.Kind(rawValue: try reader.byte()) else { throw Unreadable(at: reader.offset) }
      fault.kind = kind
      self = .fault(fault)
    case 11: self = .death(try Fault(from: &reader))
    default:
      guard let command = try Command(kind: kind, from: &reader) else { throw Unreadable(at: reader.offset) }
      self = .command(command)
    }
  }
}

extension Fault {
  func encode(into writer: inout ByteWriter) {
    writer.text(rule)
    writer.text(asset)
    writer.text(cause)
  }
  init(from reader: inout ByteReader) throws(Unreadable) {
    self.init(rule: try reader.text(), asset: try reader.text(), cause: try reader.text())
  }
}

extension Value {
  package func encode(into writer: inout ByteWriter) {
    switch self {
    case .null: writer.byte(0)
    case .boolean(false): writer.byte(1)
    case .boolean(true): writer.byte(2)
    case .number(let number):
      writer.byte(3)
      writer.double(number)
    case .text(let text):
      writer.byte(4)
      writer.text(text)
    }
  }

  package init(from reader: inout ByteReader) throws(Unreadable) {
    switch try reader.byte() {
    case 0: self = .null
    case 1: self = .boolean(false)
    case 2: self = .boolean(true)
    case 3: self = .number(try reader.double())
    case 4: self = .text(try reader.text())
    default: throw Unreadable(at: reader.offset)
    }
  }
}

extension TagID {
  init(from reader: inout ByteReader) throws(Unreadable) {
    self.init(try reader.integer(in: 0...Int64(Int32.max)))
  }
}

extension SourceID {
  init(from reader: inout ByteReader) throws(Unreadable) {
    self.init(try reader.integer(in: 0...Int64(Int32.max)))
  }
}

extension DecisionKey {
  package func encode(into writer: inout ByteWriter) {
    writer.text(rule)
    writer.text(asset)
    writer.integer(time.microseconds)
    writer.integer(repeated)
  }
  package init(from reader: inout ByteReader) throws(Unreadable) {
    self.init(
      rule: try reader.text(), asset: try reader.text(), time: Instant(microseconds: try reader.integer()),
      repeated: try reader.integer(in: 0...Int64(Int32.max)))
  }
}

extension Attempt {
  func encode(into writer: inout ByteWriter) {
    action.decision.encode(into: &writer)
    writer.integer(action.number)
    writer.integer(number)
    writer.integer(began.microseconds)
    writer.integer(ended.microseconds)
    writer.optional(status) { $0.integer($1) }
    switch receipt {
    case .accepted(let reference):
      writer.byte(1)
      writer.text(reference)
    case .already(let reference):
      writer.byte(2)
      writer.text(reference)
    case .rejected(let why):
      writer.byte(3)
      writer.text(why)
    case .tryAgain(let after, let why):
      writer.byte(4)
      writer.optional(after) { $0.integer($1.microseconds) }
      writer.text(why)
    case .unknown(let why):
      writer.byte(5)
      writer.text(why)
    }
    writer.text(next.rawValue)
    writer.optional(due) { $0.integer($1.microseconds) }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    let small: ClosedRange<Int64> = 0...Int64(Int32.max)
    let decision = try DecisionKey(from: &reader)
    let action = ActionKey(decision: decision, number: try reader.integer(in: small))
    let number = try reader.integer(in: small)
    let began = Instant(microseconds: try reader.integer())
    let ended = Instant(microseconds: try reader.integer())
    let status = try reader.optional { (reader) throws(Unreadable) in try reader.integer(in: small) }
    let receipt: Receipt
    switch try reader.byte() {
    case 1: receipt = .accepted(reference: try reader.text())
    case 2: receipt = .already(reference: try reader.text())
    case 3: receipt = .rejected(try reader.text())
    case 4:
      let after = try reader.optional { (reader) throws(Unreadable) in TimeSpan(microseconds: try reader.integer()) }
      receipt = .tryAgain(after: after, why: try reader.text())
    case 5: receipt = .unknown(try reader.text())
    default: throw Unreadable(at: reader.offset)
    }
    guard let next = ActionState(rawValue: try reader.text()) else { throw Unreadable(at: reader.offset) }
    let due = try reader.optional { (reader) throws(Unreadable) in Instant(microseconds: try reader.integer()) }
    self.init(
      action: action, number: number, began: began, ended: ended, status: status, receipt: receipt, next: next,
      due: due)
  }
}
