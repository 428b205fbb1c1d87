import Ledger
import Rules
import Scripting
import Site

/// Who is called in this run, noted so that the next one knows, and what the note of the run before has said.
struct Calls: Sendable {
  let note: CallNote
  /// Messages that are not to be evaluated, by their hash: two ends of the process were in them.
  let skipping: Set<UInt64>
  /// Messages in which the process ended once or more, and that were not taken since.
  let strikes: Set<UInt64>
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
    var work: [OpenWork] = []
    var strikes: [UInt64: Int] = [:]
    var beginsAnew = false
    do {
      if let earlier = try CallNote.read(path: path) {
        if let call = earlier.endsRecovery(of: hash) {
          beginsAnew = recorded.contains { call.isOf($0) && !installation.rules.contains($0) }
          guard beginsAnew else {
            let place = call.input.map { ", in \(ledger.described($0, installation.site.model))" } ?? ""
            throw Failure.cannot(
              "cannot bring the state back: two starts ended while they did, both inside \(call.called) (\(call.cause))"
                + "\(place). Change that rule or take it away; to try once more as it is, delete \(path)")
          }
        }
        if let (number, work) = earlier.inputEndingRecovery(of: hash) {
          beginsAnew = beginsAnew || installation.hash != hash
          guard beginsAnew else {
            throw Failure.cannot(
              "cannot bring the state back: two starts ended while they did, both in "
                + "\(ledger.described(number, installation.site.model)) (\(work.cause)). Change or remove "
                + "the rule that reads it: all conditions then begin at normal. To try once more as it is, delete \(path)"
            )
          }
        }
        carrying = earlier.calls.filter { $0.fault != nil && $0.isKnown(in: names) }
        for call in earlier.calls { Calls.tell(call, isCounted: carrying.contains(call), log) }
        work = earlier.work.filter(\.isToBlame).suffix(Self.mostCarried)
        for work in earlier.work { Calls.tell(work, log) }
        strikes = earlier.strikes
      }
    } catch let error as CallNoteError {
      log(.warning, "calls", ["what": "\(error)"])
    }
    deaths = carrying.compactMap(\.fault) + work.compactMap(\.fault)
    self.beginsAnew = beginsAnew
    self.strikes = Set(strikes.keys)
    let condemned = strikes.filter { $0.value >= OpenWork.strikes }.keys
    do {
      skipping = try ledger.skippedMessages().union(condemned)
    } catch {
      throw Failure.cannot("\(error)")
    }

    // The engine's thread, each source's, and each adapter's, which may still hold its old code while the new is loaded.
    let threads = 1 + installation.site.sources.count + 2 * names.adapters.count
    do {
      note = try CallNote(
        path: path, names: names, configuration: hash, threads: threads, carrying: carrying, work)
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

  /// Ends in more messages than this are not counted together.
  private static let mostCarried = 64

  /// A batch is on disk: what it has of earlier ends need not be carried to the next start.
  func committed(_ batch: Batch) {
    note.forgetEarlier()
    guard !strikes.isEmpty else { return }
    for mark in batch.marks where strikes.contains(mark.hash) { note.forget(message: mark.hash) }
  }
}

extension OpenCall {
  fileprivate func isOf(_ version: Installation.SourceText) -> Bool {
    guard case .rule(let rule, _) = caller else { return false }
    return rule == version.rule || rule == version.rule + Rule.shadowMark
  }

  fileprivate func isKnown(in names: CallNote.Names) -> Bool {
    guard case .rule(let rule, let asset?) = caller else { return false }
    return names.rules.contains(rule) && names.assets.contains(asset)
  }
}
