/// Commands as bytes. Cases and fields are append-only, as all of the journal's.
extension Command {
  func encode(into writer: inout ByteWriter) {
    switch self {
    case .attempted(let attempt):
      writer.byte(6)
      attempt.encode(into: &writer)
    case .lookedUp(let lookUp):
      writer.byte(8)
      lookUp.encode(into: &writer)
    case .followed(let status):
      writer.byte(9)
      status.encode(into: &writer)
    case .instructed(let instruction):
      writer.byte(10)
      instruction.encode(into: &writer)
    }
  }

  /// `kind` is the byte that `encode` began with.
  init?(kind: UInt8, from reader: inout ByteReader) throws(Unreadable) {
    switch kind {
    case 6: self = .attempted(try Attempt(from: &reader))
    case 8: self = .lookedUp(try LookUp(from: &reader))
    case 9: self = .followed(try OrderStatus(from: &reader))
    case 10: self = .instructed(try Instruction(from: &reader))
    default: return nil
    }
  }
}

private let small: ClosedRange<Int64> = 0...Int64(Int32.max)

extension ActionKey {
  package func encode(into writer: inout ByteWriter) {
    decision.encode(into: &writer)
    writer.integer(number)
  }
  package init(from reader: inout ByteReader) throws(Unreadable) {
    let decision = try DecisionKey(from: &reader)
    self.init(decision: decision, number: try reader.integer(in: small))
  }
}

extension Instant {
  package func encode(into writer: inout ByteWriter) { writer.integer(microseconds) }
  package init(from reader: inout ByteReader) throws(Unreadable) { self.init(microseconds: try reader.integer()) }
}

extension Money {
  func encode(into writer: inout ByteWriter) {
    writer.integer(hundredths)
    writer.text(currency)
  }
  init(from reader: inout ByteReader) throws(Unreadable) {
    let hundredths: Int64 = try reader.integer()
    self.init(hundredths: hundredths, currency: try reader.text())
  }
}

extension RawRepresentable<String> {
  fileprivate init(word reader: inout ByteReader) throws(Unreadable) {
    guard let value = Self(rawValue: try reader.text()) else { throw Unreadable(at: reader.offset) }
    self = value
  }
}

extension LookUp {
  func encode(into writer: inout ByteWriter) {
    action.encode(into: &writer)
    writer.integer(number)
    began.encode(into: &writer)
    ended.encode(into: &writer)
    writer.optional(status) { $0.integer($1) }
    switch answer {
    case .found(let reference):
      writer.byte(1)
      writer.text(reference)
    case .absent: writer.byte(2)
    case .unknown(let why):
      writer.byte(3)
      writer.text(why)
    }
    writer.text(next.rawValue)
    writer.optional(due) { (writer, value) in value.encode(into: &writer) }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    let action = try ActionKey(from: &reader)
    let number = try reader.integer(in: small)
    let began = try Instant(from: &reader)
    let ended = try Instant(from: &reader)
    let status = try reader.optional { (reader) throws(Unreadable) in try reader.integer(in: small) }
    let answer: Answer
    switch try reader.byte() {
    case 1: answer = .found(reference: try reader.text())
    case 2: answer = .absent
    case 3: answer = .unknown(try reader.text())
    default: throw Unreadable(at: reader.offset)
    }
    let next = try ActionState(word: &reader)
    let due = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    self.init(
      action: action, number: number, began: began, ended: ended, status: status, answer: answer, next: next, due: due)
  }
}

extension OrderStatus {
  func encode(into writer: inout ByteWriter) {
    action.encode(into: &writer)
    at.encode(into: &writer)
    writer.text(standing.rawValue)
    writer.optional(cause) { $0.text($1) }
    writer.optional(cost) { (writer, value) in value.encode(into: &writer) }
    writer.optional(started) { (writer, value) in value.encode(into: &writer) }
    writer.optional(done) { (writer, value) in value.encode(into: &writer) }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    let action = try ActionKey(from: &reader)
    let at = try Instant(from: &reader)
    let standing = try OrderStanding(word: &reader)
    let cause = try reader.optional { (reader) throws(Unreadable) in try reader.text() }
    let cost = try reader.optional { (reader) throws(Unreadable) in try Money(from: &reader) }
    let started = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    let done = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    self.init(action: action, at: at, standing: standing, cause: cause, cost: cost, started: started, done: done)
  }
}

extension Instruction {
  func encode(into writer: inout ByteWriter) {
    writer.text(person)
    at.encode(into: &writer)
    switch act {
    case .approve(let action):
      writer.byte(1)
      action.encode(into: &writer)
    case .reject(let action, let why):
      writer.byte(2)
      action.encode(into: &writer)
      writer.text(why)
    case .retry(let action):
      writer.byte(3)
      action.encode(into: &writer)
    case .drop(let action, let why):
      writer.byte(4)
      action.encode(into: &writer)
      writer.text(why)
    case .verdict(let decision, let verdict, let cost, let worth, let note):
      // 5 is from before there was `worth`.
      writer.byte(worth == nil ? 5 : 21)
      decision.encode(into: &writer)
      writer.text(verdict.rawValue)
      writer.optional(cost) { (writer, value) in value.encode(into: &writer) }
      if let worth { worth.encode(into: &writer) }
      writer.text(note)
    case .halt(let why):
      writer.byte(6)
      writer.text(why)
    case .resume: writer.byte(7)
    case .shelve(let rule, let asset, let until, let why):
      writer.byte(8)
      writer.text(rule)
      writer.optional(asset) { $0.text($1) }
      until.encode(into: &writer)
      writer.text(why)
    case .unshelve(let rule, let asset):
      writer.byte(9)
      writer.text(rule)
      writer.optional(asset) { $0.text($1) }
    case .takeOut(let asset, let why):
      writer.byte(10)
      writer.text(asset)
      writer.text(why)
    case .putBack(let asset):
      writer.byte(11)
      writer.text(asset)
    case .reset(let rule, let asset):
      writer.byte(12)
      writer.text(rule)
      writer.text(asset)
    case .release(let rule, let logic):
      writer.byte(20)
      writer.text(rule)
      writer.text(logic.hex)
    case .losses(let losses, let origin):
      writer.byte(22)
      writer.text(origin)
      writer.integer(losses.count)
      for loss in losses { loss.encode(into: &writer) }
    case .backtested(let figures):
      writer.byte(23)
      figures.encode(into: &writer)
    case .takeLetter(let letter):
      writer.byte(30)
      writer.integer(letter)
    case .dropLetter(let letter, let why):
      writer.byte(31)
      writer.integer(letter)
      writer.text(why)
    case .restored(let since, let file):
      writer.byte(40)
      since.encode(into: &writer)
      writer.text(file)
    }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    let person = try reader.text()
    let at = try Instant(from: &reader)
    let act: Act
    switch try reader.byte() {
    case 1: act = .approve(try ActionKey(from: &reader))
    case 2:
      let action = try ActionKey(from: &reader)
      act = .reject(action, why: try reader.text())
    case 3: act = .retry(try ActionKey(from: &reader))
    case 4:
      let action = try ActionKey(from: &reader)
      act = .drop(action, why: try reader.text())
    case let kind where kind == 5 || kind == 21:
      let decision = try DecisionKey(from: &reader)
      let verdict = try Verdict(word: &reader)
      let cost = try reader.optional { (reader) throws(Unreadable) in try Money(from: &reader) }
      let worth = kind == 21 ? try Money(from: &reader) : nil
      act = .verdict(decision, verdict, cost: cost, worth: worth, note: try reader.text())
    case 6: act = .halt(why: try reader.text())
    case 7: act = .resume
    case 8:
      let rule = try reader.text()
      let asset = try reader.optional { (reader) throws(Unreadable) in try reader.text() }
      let until = try Instant(from: &reader)
      act = .shelve(rule: rule, asset: asset, until: until, why: try reader.text())
    case 9:
      let rule = try reader.text()
      act = .unshelve(rule: rule, asset: try reader.optional { (reader) throws(Unreadable) in try reader.text() })
    case 10:
      let asset = try reader.text()
      act = .takeOut(asset: asset, why: try reader.text())
    case 11: act = .putBack(asset: try reader.text())
    case 12:
      let rule = try reader.text()
      act = .reset(rule: rule, asset: try reader.text())
    case 20:
      let rule = try reader.text()
      act = .release(rule: rule, logic: Digest(hex: try reader.text()))
    case 22:
      let origin = try reader.text()
      var losses: [Loss] = []
      for _ in 0..<(try reader.integer(in: small)) { losses.append(try Loss(from: &reader)) }
      act = .losses(losses, origin: origin)
    case 23: act = .backtested(try BacktestFigures(from: &reader))
    case 30: act = .takeLetter(try reader.integer())
    case 31:
      let letter: Int64 = try reader.integer()
      act = .dropLetter(letter, why: try reader.text())
    case 40:
      let since = try Instant(from: &reader)
      act = .restored(since: since, file: try reader.text())
    default: throw Unreadable(at: reader.offset)
    }
    self.init(person: person, at: at, act: act)
  }
}

extension Loss {
  func encode(into writer: inout ByteWriter) {
    writer.text(asset)
    start.encode(into: &writer)
    end.encode(into: &writer)
    writer.optional(cause) { $0.text($1) }
    writer.optional(cost) { (writer, value) in value.encode(into: &writer) }
    writer.byte(planned ? 1 : 0)
    writer.optional(reference) { $0.text($1) }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    let asset = try reader.text()
    let start = try Instant(from: &reader)
    let end = try Instant(from: &reader)
    let cause = try reader.optional { (reader) throws(Unreadable) in try reader.text() }
    let cost = try reader.optional { (reader) throws(Unreadable) in try Money(from: &reader) }
    let planned = try reader.byte() == 1
    let reference = try reader.optional { (reader) throws(Unreadable) in try reader.text() }
    self.init(
      asset: asset, start: start, end: end, cause: cause, cost: cost, planned: planned, reference: reference)
  }
}

extension BacktestFigures {
  func encode(into writer: inout ByteWriter) {
    writer.text(rule)
    writer.text(logic.hex)
    from.encode(into: &writer)
    to.encode(into: &writer)
    for count in [decisions, losses, caught, falseAlarms] { writer.integer(count) }
    net.encode(into: &writer)
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    let rule = try reader.text()
    let logic = Digest(hex: try reader.text())
    let from = try Instant(from: &reader)
    let to = try Instant(from: &reader)
    var counts: [Int] = []
    for _ in 0..<4 { counts.append(try reader.integer(in: small)) }
    self.init(
      rule: rule, logic: logic, from: from, to: to, decisions: counts[0], losses: counts[1], caught: counts[2],
      falseAlarms: counts[3], net: try Money(from: &reader))
  }
}
