import Ledger
import Rules
import Scripting

// What a start tells of the ends of earlier ones, in words for people.

extension Calls {
  static func tell(_ work: OpenWork, _ log: Log) {
    let what = "the engine ended in \(work.named): \(work.cause)"
    if work.isToBlame {
      log(.error, "ended in an input", ["what": "\(what)\(work.consequence)"])
    } else {
      log(.info, "ended in an input", ["what": "\(what); not held against it"])
    }
  }

  static func tell(_ call: OpenCall, isCounted: Bool, _ log: Log) {
    let what = "the engine ended inside \(call.called): \(call.cause)"
    if isCounted {
      log(.error, "ended in a call", ["what": what])
    } else if !call.isToBlame {
      log(.info, "ended in a call", ["what": "\(what); not held against it"])
    } else {
      log(.error, "ended in a call", ["what": "\(what); no condition of this configuration is to be stopped for it"])
    }
  }
}

extension OpenWork {
  fileprivate var named: String {
    switch subject {
    case .message(let hash): "the message with the hash \(String(hash, radix: 16))"
    case .deadline(let rule, let asset, let moment): "the deadline of rule \(rule) on asset \(asset) at \(moment)"
    case .input(let number): "input \(number) of the journal"
    }
  }

  fileprivate var consequence: String {
    switch subject {
    case .message: "; at the second such end it is skipped"
    case .deadline: "; at the second such end the rule is quarantined on that asset"
    case .input: "; at the second such end the start is refused"
    }
  }
}

extension Ledger {
  /// An input of the journal, for a person who is to find it.
  func described(_ number: Int64, _ model: Model) -> String {
    var words = "input \(number) of the journal"
    // What cannot be read is named by its number.
    try? replay(from: number, before: number + 1) { _, input in words += ", \(input.words(model))" }
    return words
  }
}

extension Input {
  fileprivate func words(_ model: Model) -> String {
    switch self {
    case .change(let change):
      "a change of \(model.name(of: change.tag)) to \(change.value.words), stamped \(change.time), arrived \(change.arrived)"
    case .tick(_, let time): "a tick of \(time)"
    case .partialTick(_, let time, _): "a part of a tick of \(time)"
    case .source(_, let event, let time): "the link's event \(event) of \(time)"
    case .bind(_, let asset, let tag, _): "the binding of \(tag) of \(asset)"
    case .config: "a configuration"
    case .command: "a command"
    case .fault(let fault), .death(let fault): "a fault of rule \(fault.rule) on asset \(fault.asset)"
    case .meaning(let meaning): "what follows has meaning \(meaning.rawValue)"
    case .skipped(let message): "a skipped message on \(message.topic)"
    }
  }
}

extension Value {
  fileprivate var words: String {
    switch self {
    case .boolean(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): "'\(value)'"
    case .null: "null"
    }
  }
}

extension Model {
  /// The number where this model, which may be another than the one that decided, does not have the tag.
  fileprivate func name(of tag: TagID) -> String {
    guard tags.indices.contains(Int(tag.index)) else { return "tag \(tag.index)" }
    let entry = tags[Int(tag.index)]
    let asset = assets[Int(entry.asset.index)]
    return "\(classes[asset.classIndex].tags[entry.place].name) of \(asset.path)"
  }
}

extension OpenCall {
  var called: String {
    switch caller {
    case .rule(let rule, let asset?): "rule \(rule) on asset \(asset)"
    case .rule(let rule, nil): "rule \(rule)"
    case .adapter(let adapter): "the code of adapter \(adapter)"
    }
  }
}
