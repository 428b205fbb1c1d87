import CLua
import Rules

/// The bytes of a note; the layout is told in MWNote.h.
enum CallNoteImage {
  static let largest = 1 << 30
  private static let magic = Array("MWCALLS\u{2}".utf8)
  private static let header = 128
  private static let place = 128

  static func encode(
    _ names: CallNote.Names, _ configuration: Digest, threads: Int, _ calls: [OpenCall], _ work: [OpenWork]
  ) -> [UInt8] {
    let callers = names.rules + names.adapters
    let carried = calls.compactMap { Entry($0, names) } + work.compactMap { Entry($0, names) }
    var writer = Writer()
    writer.bytes += magic
    for count in [carried.count + threads, names.rules.count, callers.count, names.assets.count] {
      writer.number(count)
    }
    writer.zeros(upTo: 64)
    writer.bytes += Array(configuration.hex.utf8.prefix(64))
    writer.zeros(upTo: header)
    for entry in carried { entry.write(into: &writer) }
    writer.zeros(upTo: header + (carried.count + threads) * place)
    var end = 0
    writer.number(0)
    for name in callers + names.assets {
      end += name.utf8.count
      writer.number(end)
    }
    for name in callers + names.assets { writer.bytes += Array(name.utf8) }
    return writer.bytes
  }

  /// Nil when the bytes are no note. Never traps, whatever they are.
  static func decode(_ bytes: [UInt8]) -> CallNote.Earlier? {
    guard let found = Found(bytes) else { return nil }
    var earlier = CallNote.Earlier(configuration: found.configuration, calls: [], work: [])
    for at in stride(from: header, to: found.table, by: place) {
      let call = found.call(at)
      if let call { earlier.calls.append(call) }
      // Where the call is to blame, what it was made for is not.
      if call?.isToBlame != true, let work = found.work(at) { earlier.work.append(work) }
    }
    return earlier
  }

  /// The bytes of a note that is whole as far as its counts say.
  private struct Found {
    private let bytes: [UInt8]
    private let rules: Int
    private let callers: Int
    private let assets: Int
    /// Where the names' places begin, and behind them the names.
    let table: Int
    private let names: Int

    init?(_ bytes: [UInt8]) {
      guard bytes.starts(with: magic), bytes.count >= header else { return nil }
      self.bytes = bytes
      func count(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
      (rules, callers, assets) = (count(12), count(16), count(20))
      table = header + count(8) * place
      names = table + 4 * (callers + assets + 1)
      guard rules <= callers, names <= bytes.count else { return nil }
    }

    var configuration: Digest {
      Digest(hex: String(decoding: bytes[64..<header].prefix { $0 != 0 }, as: UTF8.self))
    }

    private func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) } }
    private func long(_ at: Int) -> UInt64 { UInt64(word(at)) | UInt64(word(at + 4)) << 32 }
    private func name(_ number: Int) -> String? {
      let (begin, end) = (names + Int(word(table + 4 * number)), names + Int(word(table + 4 * number + 4)))
      guard begin <= end, end <= bytes.count else { return nil }
      return String(validating: bytes[begin..<end], as: UTF8.self)
    }
    private func wasRecovering(_ at: Int) -> Bool { word(at + 16) == MW_RECOVERING.rawValue }

    /// The call that was under way at a place; nil when none was.
    func call(_ at: Int) -> OpenCall? {
      let (caller, asset) = (Int(word(at + 8)), Int(word(at + 12)))
      guard bytes[at] % 2 == 1, caller < callers, let called = name(caller) else { return nil }
      let of: OpenCall.Caller =
        caller < rules ? .rule(called, asset: asset < assets ? name(callers + asset) : nil) : .adapter(called)
      let ending: OpenCall.Ending =
        switch word(at + 20) {
        case 0: long(at) == long(at + 24) ? .killedWhileLasting : .killed
        case UInt32(MW_OVERRAN): .overran
        case let signal: .signal(Int32(truncatingIfNeeded: signal))
        }
      var input: Int64?
      if case .input(let number)? = subject(at + 64) { input = number }
      return OpenCall(of, ending, wasRecovering: wasRecovering(at), input: input)
    }

    /// What was in hand at a place; nil when nothing was.
    func work(_ at: Int) -> OpenWork? {
      let hand = at + 64
      guard let subject = subject(hand) else { return nil }
      let signal = word(hand + 52)
      // What the watchdog saw may be of the deadline before.
      let isOfThis = long(hand + 40) == mw_hand_key(MWWork(rawValue: word(hand + 48)), long(hand), deadline(hand))
      let used = isOfThis ? Int64(bitPattern: long(hand + 32)) / 1_000 : 0
      return OpenWork(
        subject, signal == 0 ? .killed : .signal(Int32(truncatingIfNeeded: signal)),
        used: TimeSpan(microseconds: used), wasRecovering: wasRecovering(at))
    }

    private func deadline(_ hand: Int) -> MWDeadline {
      MWDeadline(moment: Int64(bitPattern: long(hand + 16)), rule: word(hand + 24), asset: word(hand + 28))
    }

    private func subject(_ hand: Int) -> OpenWork.Subject? {
      guard bytes[hand] % 2 == 1 else { return nil }
      switch MWWork(rawValue: word(hand + 48)) {
      case MW_MESSAGE: return .message(long(hand + 8))
      case MW_INPUT: return .input(Int64(bitPattern: long(hand + 8)))
      case MW_TICK:
        let deadline = deadline(hand)
        guard deadline.rule < rules, deadline.asset < assets, let rule = name(Int(deadline.rule)),
          let asset = name(callers + Int(deadline.asset))
        else { return nil }
        return .deadline(rule: rule, asset: asset, Instant(microseconds: deadline.moment))
      default: return nil
      }
    }
  }

  /// A place that holds what an earlier process left.
  private struct Entry {
    /// A call with its caller's and its asset's number, and what was in hand.
    var call: (call: OpenCall, caller: Int, asset: Int)?
    var work: OpenWork?
    var deadline = MWDeadline(moment: 0, rule: .max, asset: .max)

    /// Nil when these names do not have what was called.
    init?(_ call: OpenCall, _ names: CallNote.Names) {
      switch call.caller {
      case .rule(let name, let path):
        guard let rule = names.rules.firstIndex(of: name),
          let asset = path.map({ names.assets.firstIndex(of: $0) }) ?? -1
        else { return nil }
        self.call = (call, rule, asset)
      case .adapter(let name):
        guard let adapter = names.adapters.firstIndex(of: name) else { return nil }
        self.call = (call, names.rules.count + adapter, -1)
      }
      work = call.input.map { OpenWork(.input($0), .killed, wasRecovering: call.wasRecovering) }
    }

    init?(_ work: OpenWork, _ names: CallNote.Names) {
      self.work = work
      guard case .deadline(let rule, let asset, let moment) = work.subject else { return }
      guard let rule = names.rules.firstIndex(of: rule), let asset = names.assets.firstIndex(of: asset) else {
        return nil
      }
      deadline = MWDeadline(moment: moment.microseconds, rule: UInt32(rule), asset: UInt32(asset))
    }

    func write(into writer: inout Writer) {
      let start = writer.bytes.count
      let ending: Int =
        switch call?.call.ending {
        case nil, .killed, .killedWhileLasting: 0
        case .overran: Int(MW_OVERRAN)
        case .signal(let number): Int(number)
        }
      let isRecovering = call?.call.wasRecovering ?? work?.wasRecovering ?? false
      for word in [call == nil ? 0 : 1, 0, call?.caller ?? -1, call?.asset ?? -1] { writer.number(word) }
      writer.number(Int((isRecovering ? MW_RECOVERING : MW_LIVE).rawValue))
      writer.number(ending)
      for word in [call?.call.ending == .killedWhileLasting ? 1 : 0, 0, -1] { writer.number(word) }
      writer.zeros(upTo: start + 64)
      if let work { write(work, into: &writer) }
      writer.zeros(upTo: start + place)
    }

    private func write(_ work: OpenWork, into writer: inout Writer) {
      let (kind, mark): (MWWork, UInt64) =
        switch work.subject {
        case .message(let hash): (MW_MESSAGE, hash)
        case .input(let number): (MW_INPUT, UInt64(bitPattern: number))
        case .deadline: (MW_TICK, 0)
        }
      writer.long(1)
      writer.long(mark)
      writer.long(UInt64(bitPattern: deadline.moment))
      writer.number(Int(deadline.rule))
      writer.number(Int(deadline.asset))
      writer.long(UInt64(bitPattern: work.used.microseconds) &* 1_000)
      writer.long(mw_hand_key(kind, 1, deadline))
      writer.number(Int(kind.rawValue))
      if case .signal(let number) = work.ending { writer.number(Int(number)) }
    }
  }

  private struct Writer {
    var bytes: [UInt8] = []
    mutating func number(_ value: Int) {
      for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    mutating func long(_ value: UInt64) {
      for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }
    mutating func zeros(upTo count: Int) { bytes += Array(repeating: 0, count: max(0, count - bytes.count)) }
  }
}
