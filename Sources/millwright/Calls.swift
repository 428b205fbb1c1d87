import Ledger
import Rules
import Scripting
import Site

/// Who is called in this run, noted so that the next one knows, and what the note of the run before has said.
struct Calls: Sendable {
  let note: CallNote
  /// To be journalled before anything else.
  let deaths: [Fault]
  /// Two starts ended while they brought back what decided before, in a rule whose file was changed since.
  let beginsAnew: Bool

  /// Reads the note that an earlier run left in the state folder and begins a new one. Throws `Failure.cannot` when the run
  /// before and the one before that ended in the same call while they brought the state back, and nobody has changed
  /// what was called.
  init(_ installation: Installation, _ ledger: Ledger, longestCall: TimeSpan, log: Log) throws {
    let path = installation.site.stateFolder + "/calls.note"
    // What is brought back is what decided before; what decides then may be other versions.
    let hash = (try? ledger.lastConfiguration())?.hash ?? installation.hash
    let recorded = Installation.SourceText.all(in: (try? ledger.texts(hash)) ?? [])
    let rules = Set(installation.ruleNames + installation.refused.map(\.rule) + recorded.map(\.rule)).sorted()
    let names = CallNote.Names(
      rules: rules + rules.map { $0 + Rule.shadowMark }, adapters: installation.site.adapters.map(\.name),
      assets: installation.site.model.assets.map(\.path))
    var carrying: [OpenCall] = []
    var beginsAnew = false
    do {
      if let earlier = try CallNote.read(path: path) {
        if let call = earlier.endsRecovery(of: hash) {
          beginsAnew = recorded.contains { call.isOf($0) && !installation.rules.contains($0) }
          guard beginsAnew else {
            throw Failure.cannot(
              "cannot bring the state back: two starts ended while they did, both inside \(call.called) (\(call.cause)). "
                + "Change that rule or take it away; to try once more as it is, delete \(path)")
          }
        }
        carrying = earlier.calls.filter { $0.fault != nil && $0.isKnown(in: names) }
        for call in earlier.calls { Calls.tell(call, isCounted: carrying.contains(call), log) }
      }
    } catch let error as CallNoteError {
      log(.warning, "calls", ["what": "\(error)"])
    }
    deaths = carrying.compactMap(\.fault)
    self.beginsAnew = beginsAnew

    // The engine's thread and each adapter's, which may still hold its old code while it loads anew.
    let threads = 1 + 2 * names.adapters.count
    do {
      note = try CallNote(
        path: path, names: names, configuration: hash, threads: threads, carrying: carrying)
    } catch {
      // Deciding is worth more than knowing, should it end, in which call it was.
      log(.warning, "calls", ["what": "\(error); an end inside a call will not be known to the next start"])
      note = try CallNote(path: nil, names: names, configuration: hash, threads: threads)
    }
    note.guardThreads()
    do {
      try note.watch(limit: longestCall)
    } catch {
      throw Failure.cannot("\(error)")
    }
  }

  private static func tell(_ call: OpenCall, isCounted: Bool, _ log: Log) {
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

extension OpenCall {
  fileprivate var called: String {
    switch caller {
    case .rule(let rule, let asset?): "rule \(rule) on asset \(asset)"
    case .rule(let rule, nil): "rule \(rule)"
    case .adapter(let adapter): "the code of adapter \(adapter)"
    }
  }

  fileprivate func isOf(_ version: Installation.SourceText) -> Bool {
    guard case .rule(let rule, _) = caller else { return false }
    return rule == version.rule || rule == version.rule + Rule.shadowMark
  }

  fileprivate func isKnown(in names: CallNote.Names) -> Bool {
    guard case .rule(let rule, let asset?) = caller else { return false }
    return names.rules.contains(rule) && names.assets.contains(asset)
  }
}
