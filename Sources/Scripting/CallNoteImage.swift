import CLua
import Rules

/// The bytes of a note; the layout is told in MWNote.h.
enum CallNoteImage {
  static let largest = 1 << 30
  private static let magic = Array("MWCALLS\u{1}".utf8)
  private static let header = 128
  private static let place = 64

  static func encode(
    _ names: CallNote.Names, _ configuration: Digest, threads: Int, _ carried: [OpenCall]
  ) -> [UInt8] {
    let callers = names.rules + names.adapters
    let carried = carried.compactMap { Entry($0, names) }
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
    guard bytes.starts(with: magic), bytes.count >= header else { return nil }
    func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) } }
    let (places, rules, callers, assets) = (Int(word(8)), Int(word(12)), Int(word(16)), Int(word(20)))
    let table = header + places * place
    let first = table + 4 * (callers + assets + 1)
    guard rules <= callers, first <= bytes.count else { return nil }
    func name(_ number: Int) -> String? {
      let (begin, end) = (first + Int(word(table + 4 * number)), first + Int(word(table + 4 * number + 4)))
      guard begin <= end, end <= bytes.count else { return nil }
      return String(validating: bytes[begin..<end], as: UTF8.self)
    }
    var calls: [OpenCall] = []
    for at in stride(from: header, to: table, by: place) where bytes[at] % 2 == 1 {
      let (caller, asset) = (Int(word(at + 8)), Int(word(at + 12)))
      guard caller < callers, let called = name(caller) else { continue }
      let of: OpenCall.Caller =
        caller < rules ? .rule(called, asset: asset < assets ? name(callers + asset) : nil) : .adapter(called)
      let isLasting = bytes[at..<(at + 8)] == bytes[(at + 24)..<(at + 32)]
      let ending: OpenCall.Ending =
        switch word(at + 20) {
        case 0: isLasting ? .killedWhileLasting : .killed
        case UInt32(MW_OVERRAN): .overran
        case let signal: .signal(Int32(truncatingIfNeeded: signal))
        }
      calls.append(OpenCall(of, ending, wasRecovering: word(at + 16) == MW_RECOVERING.rawValue))
    }
    let configuration = String(decoding: bytes[64..<header].prefix { $0 != 0 }, as: UTF8.self)
    return CallNote.Earlier(configuration: Digest(hex: configuration), calls: calls)
  }

  /// A place that holds what an earlier process left.
  private struct Entry {
    var caller: Int
    var asset: Int
    var call: OpenCall

    /// Nil when these names do not have what was called.
    init?(_ call: OpenCall, _ names: CallNote.Names) {
      self.call = call
      switch call.caller {
      case .rule(let name, let path):
        guard let rule = names.rules.firstIndex(of: name),
          let asset = path.map({ names.assets.firstIndex(of: $0) }) ?? -1
        else { return nil }
        (caller, self.asset) = (rule, asset)
      case .adapter(let name):
        guard let adapter = names.adapters.firstIndex(of: name) else { return nil }
        (caller, asset) = (names.rules.count + adapter, -1)
      }
    }

    func write(into writer: inout Writer) {
      let ending: Int =
        switch call.ending {
        case .killed, .killedWhileLasting: 0
        case .overran: Int(MW_OVERRAN)
        case .signal(let number): Int(number)
        }
      let start = writer.bytes.count
      for word in [1, 0, caller, asset, Int(call.wasRecovering ? MW_RECOVERING.rawValue : MW_LIVE.rawValue), ending] {
        writer.number(word)
      }
      for word in [call.ending == .killedWhileLasting ? 1 : 0, 0, -1] { writer.number(word) }
      writer.zeros(upTo: start + place)
    }
  }

  private struct Writer {
    var bytes: [UInt8] = []
    mutating func number(_ value: Int) {
      for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    mutating func zeros(upTo count: Int) { bytes += Array(repeating: 0, count: max(0, count - bytes.count)) }
  }
}
