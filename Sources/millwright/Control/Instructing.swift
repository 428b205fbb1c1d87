import Foundation
import Ledger
import Rules
import Scripting
import Site

/// Carries out what a person asks for, beside a running engine and without one alike: finds what it is about, refuses
/// what does not apply before anything is journalled, has the rest journalled, and says what is true then.
struct Instructing {
  let reader: LedgerReader
  let person: Person
  let now: Instant
  /// What they may name. Read only when they name something.
  let names: () throws -> PlantNames
  /// Returns when all of them are on disk.
  let journal: ([Instruction]) throws -> Void

  /// Of one text that a person gives.
  private static let longestText = 4_000

  func answer(_ request: ControlRequest) -> ControlAnswer {
    do {
      let acts = try acts(request)
      for act in acts {
        // Nothing is objected to a halt, and reading the ledger must not delay it.
        if case .halt = act { continue }
        if let objection = try reader.objection(to: act) { return .refused(why: objection) }
      }
      let instructions = acts.map { Instruction(person: person.id, at: now, act: $0) }
      try journal(instructions)
      var lines: [String] = []
      for instruction in instructions {
        guard let row = try reader.row(of: instruction) else {
          return .failed(why: "it was journalled and is not in the ledger: run 'verify'")
        }
        // It had moved on between the look and the batch.
        if let refusal = row.refusal { return .refused(why: refusal) }
        lines.append(try sentence(instruction.act))
      }
      return .done(lines: lines)
    } catch let refusal as Refusal {
      return .refused(why: refusal.why)
    } catch let unknown as PlantNames.Unknown {
      return .refused(why: unknown.why)
    } catch Failure.findings(let findings) {
      return .failed(why: "the site cannot be read: \(findings.joined(separator: "; "))")
    } catch {
      return .failed(why: "\(error)")
    }
  }

  private struct Refusal: Error { var why: String }

  // MARK: What it is about

  private func acts(_ request: ControlRequest) throws -> [Instruction.Act] {
    switch request {
    case .health: []
    case .approve(let decision, let action): try waiting(decision, action).map(Instruction.Act.approve)
    case .reject(let decision, let action, let why):
      try waiting(decision, action).map {
        .reject($0, why: try short(why))
      }
    case .retry(let action): [.retry(try key(ofAction: action))]
    case .drop(let action, let why): [.drop(try key(ofAction: action), why: try short(why))]
    case .verdict(let decision, let found, let cost, let worth, let note):
      [
        .verdict(
          try self.decision(decision).key, try verdict(found), cost: try money(cost), worth: try money(worth),
          note: try short(note))
      ]
    case .halt(let why): [.halt(why: try short(why))]
    case .resume(let anyway): try resume(anyway)
    case .release(let rule): try release(rule)
    case .shelve(let rule, let asset, let span, let why): [try shelve(rule, asset, span, short(why), names())]
    case .unshelve(let rule, let asset):
      // Also of a rule that is no more.
      [.unshelve(rule: rule, asset: try asset.map(names().asset))]
    case .takeOut(let asset, let why): [.takeOut(asset: try names().asset(asset), why: try short(why))]
    case .putBack(let asset): [.putBack(asset: try names().asset(asset))]
    case .losses(let losses, let origin): [.losses(losses, origin: origin)]
    case .backtested(let figures): [.backtested(figures)]
    case .takeLetter(let letter): [.takeLetter(letter)]
    case .dropLetter(let letter, let why): [.dropLetter(letter, why: try short(why))]
    case .reset(let rule, let asset): [.reset(rule: try names().rule(rule), asset: try names().asset(asset))]
    }
  }

  private func short(_ text: String) throws -> String {
    guard text.utf8.count <= Self.longestText else {
      throw Refusal(why: "a text of \(text.utf8.count) bytes; say it in \(Self.longestText)")
    }
    return text
  }

  private func decision(_ text: String) throws -> (key: DecisionKey, actions: [ActionRow]) {
    guard let found = try reader.actions(ofDecision: text) else {
      throw Refusal(why: "there is no decision '\(text)'; see 'millwright decisions list'")
    }
    return found
  }

  /// The action of that number, or all that wait.
  private func waiting(_ text: String, _ number: Int?) throws -> [ActionKey] {
    let (key, actions) = try decision(text)
    if let number {
      guard let action = actions.first(where: { $0.key.number == number }) else {
        throw Refusal(why: "decision '\(text)' has no action \(number); it has \(actions.count)")
      }
      return [action.key]
    }
    let waiting = actions.filter { $0.state == .waiting }.map(\.key)
    guard !waiting.isEmpty else {
      let states = actions.map(\.state.rawValue).joined(separator: ", ")
      throw Refusal(why: "no action of \(key) waits for a person; they are: \(states.isEmpty ? "none" : states)")
    }
    return waiting
  }

  private func key(ofAction text: String) throws -> ActionKey {
    guard let row = try reader.action(matching: text) else {
      throw Refusal(why: "there is no action '\(text)'; see 'millwright actions list'")
    }
    return row.key
  }

  private func verdict(_ word: String) throws -> Verdict {
    guard let verdict = Verdict(rawValue: word) else {
      let words = Verdict.allCases.map(\.rawValue)
      throw Refusal(why: "no verdict is called '\(word)'; it is one of \(words.joined(separator: ", "))")
    }
    return verdict
  }

  private func money(_ text: String?) throws -> Money? {
    guard let text else { return nil }
    guard let money = Money(written: text) else {
      throw Refusal(why: "'\(text)' is no amount of money; write it as in '1 200 EUR'")
    }
    return money
  }

  private func resume(_ anyway: Bool) throws -> [Instruction.Act] {
    let open = try reader.awaitingLookUp()
    guard open.isEmpty || anyway else {
      throw Refusal(
        why: "\(count(open.count, "action")) may have been made and must be looked up first: "
          + "\(open.map { "\($0)" }.joined(separator: ", ")); let the engine run until that is done, or 'actions drop' "
          + "or 'actions retry' each, or 'resume --anyway'")
    }
    return [.resume]
  }

  private func release(_ name: String) throws -> [Instruction.Act] {
    let versions = Installation.SourceText.all(in: try reader.versions())
    guard let waiting = versions.first(where: { $0.role == .shadowing && $0.rule == name }) else {
      let names = Set(versions.filter { $0.role == .shadowing }.map(\.rule)).sorted()
      throw Refusal(
        why: "no new version of '\(name)' waits to be released; "
          + (names.isEmpty ? "none of any rule does" : "there is one of \(names.joined(separator: ", "))"))
    }
    do {
      return [.release(rule: name, logic: try waiting.logicHash)]
    } catch {
      throw Refusal(why: "the new version of '\(name)' is not understood: \(error)")
    }
  }

  private func shelve(
    _ rule: String, _ asset: String?, _ span: String, _ why: String, _ names: PlantNames
  ) throws -> Instruction.Act {
    .shelve(
      rule: try names.rule(rule), asset: try asset.map { try names.asset($0) }, until: now + (try names.span(span)),
      why: why)
  }

  // MARK: What is true now

  private func sentence(_ act: Instruction.Act) throws -> String {
    switch act {
    case .approve(let key), .reject(let key, _), .retry(let key), .drop(let key, _):
      guard let row = try reader.action(matching: "\(key)") else { return "\(key)" }
      return "action \(row.id), \(row.kind.rawValue) '\(row.title)', is \(row.state.rawValue): \(row.reason ?? "")"
    case .verdict(let key, let verdict, let cost, let worth, let note):
      let parts = [verdict.rawValue, cost.map { "cost \($0)" } ?? "", worth.map { "saved \($0)" } ?? "", note].filter {
        !$0.isEmpty
      }
      return "\(key): \(parts.joined(separator: ", ")), says \(person.name)"
    case .release(let rule, _): return "the new version of '\(rule)' was released by \(person.id)"
    case .halt:
      guard let halt = try reader.halt() else { return "it was resumed again meanwhile" }
      return "halted since \(halt.since) by \(halt.who): \(halt.why); nothing is sent until 'millwright resume'"
    case .resume:
      let (ready, unknown) = (try reader.actions(state: .ready).count, try reader.actions(state: .unknown).count)
      let asked =
        unknown == 0
        ? "" : "; \(count(unknown, "action")) may have been made: see 'millwright actions list --state unknown'"
      return "resumed by \(person.id); \(count(ready, "action")) \(ready == 1 ? "is" : "are") ready to be sent\(asked)"
    case .shelve(let rule, let asset, let until, let why):
      return "rule '\(rule)' is shelved on \(asset ?? "all assets") until \(until)\(why.isEmpty ? "" : ": \(why)")"
    case .unshelve(let rule, let asset): return "rule '\(rule)' is no longer shelved on \(asset ?? "any asset")"
    case .takeOut(let asset, let why): return "\(asset), with all below it, is out of service: \(why)"
    case .putBack(let asset): return "\(asset) is in service again"
    case .losses(let losses, let origin): return "\(count(losses.count, "loss", "losses")) of \(origin) taken over"
    case .backtested(let figures): return "the backtest of '\(figures.rule)' is kept as evidence"
    case .takeLetter(let letter):
      return "message \(letter) was given to the engine again; 'millwright explain' shows what came of it"
    case .dropLetter(let letter, let why): return "message \(letter) stays left out\(why.isEmpty ? "" : ": \(why)")"
    case .restored(let since, let file): return "restored from \(file), which ends at \(since)"
    case .reset(let rule, let asset):
      let phase = try reader.conditions().first { $0.rule == rule && $0.asset == asset }?.phase ?? "normal"
      let heard = "rule '\(rule)' was reset on \(asset) by \(person.id)"
      return phase == "active" || phase == "clearing"
        ? "\(heard); it stays active while 'when' is true, or cannot be told, or as long as no engine runs"
        : "\(heard) and is \(phase)"
    }
  }
}

/// `1 action`, `2 actions`.
func count(_ number: Int, _ noun: String, _ many: String? = nil) -> String {
  "\(number) \(number == 1 ? noun : many ?? noun + "s")"
}

/// For an account that is nobody's: which login to write, and where.
func unknownPerson(account: String) -> String {
  "nobody among the site's people has the login '\(account)', so nobody would answer for this; add 'login: \(account)' "
    + "to one of 'people' in site.yaml (and start the engine again, if it runs)"
}
