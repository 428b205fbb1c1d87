import Crypto
import Delivery
import Foundation
import Ledger
import Rules
import Scripting
import Site

// What only the site and its rules together can get wrong.
extension Installation {
  /// Calendars and shifts that the rule goes by and the site does not have.
  func unknownTimes(_ rule: Rule, _ source: SourceText) -> [Finding] {
    let calendars = site.calendars.map(\.name)
    var findings = (rule.during + rule.notDuring).filter { !calendars.contains($0) }.map { name in
      // The reader of rules knows no calendars; in its text the name stands in quotes.
      let lines = source.text.split(separator: "\n", omittingEmptySubsequences: false)
      let line = lines.firstIndex { $0.contains("\"\(name)\"") || $0.contains("'\(name)'") }
      let near = suggestion(for: name, among: calendars)
      return Finding(
        file: source.file, line: line.map { $0 + 1 },
        message: "the site has no calendar '\(name)'"
          + (near.isEmpty ? "; its calendars: \(calendars.isEmpty ? "none" : calendars.joined(separator: ", "))" : near)
      )
    }
    if site.shifts.isEmpty, rule.allReadings.contains(where: { $0.form.window == .this(.shift) }) {
      findings.append(
        Finding(
          file: source.file, line: nil, message: "a reading looks at this \"shift\", and the site has no 'shifts'"))
    }
    return findings
  }

  /// What a restore means for adapters that make work orders and cannot look for open ones.
  var restoreLines: [String] {
    site.adapters.compactMap { adapter in
      guard let source = adapters[adapter.name],
        site.policy.routes.contains(where: { $0.kind == .workOrder && $0.adapter == adapter.name }),
        let code = try? AdapterScript(text: source.text, file: source.file), !code.skills.contains(.lookUpOpen)
      else { return nil }
      return
        "\(adapter.name): cannot look for open orders (lookup_open); after a restore, what may have an order since "
        + "the backup waits for a person"
    }
  }

  /// What only shows when site, rules and adapters are seen together.
  func crossCheck(_ compiled: [Rule], proving: Bool) -> [Finding] {
    var findings: [Finding] = []
    var asked = 0
    for rule in compiled {
      for proof in proving ? proofs(of: rule, asked: &asked) : [] {
        guard let failure = proof.run.failures.first else { continue }
        let limits = proof.limits.map { ", with the limits of \($0)" } ?? ""
        findings.append(
          Finding(
            file: "rules/\(rule.name).lua", line: proof.example.line,
            message: "example '\(proof.example.name)'\(limits): \(failure)"))
      }
    }
    for rule in compiled {
      let objections = rule.objections(at: site.prices, people: site.people.map(\.id), model: site.model)
      guard !objections.isEmpty else { continue }
      let file = "rules/\(rule.plainName).lua"
      let text = rules.first { $0.file == file && $0.role == rule.role }?.text ?? ""
      for objection in objections {
        findings.append(
          Finding(file: file, line: RuleFile.line(of: objection.field, in: text), message: objection.why))
      }
    }
    let names = ruleNames
    findings += Rules.findings(
      among: compiled, broken: names.filter { name in !compiled.contains { $0.name == name } })
    for mark in site.tierMarks + site.limitMarks {
      guard names.contains(mark.rule) else {
        findings.append(
          Finding(
            file: mark.file, line: mark.line,
            message: "no rule is named '\(mark.rule)'\(suggestion(for: mark.rule, among: names))"))
        continue
      }
      guard let limit = mark.limit, let rule = compiled.first(where: { $0.name == mark.rule }) else { continue }
      let limits = rule.limits.map(\.name)
      func refuse(_ message: String) {
        findings.append(Finding(file: mark.file, line: mark.line, message: message))
      }
      guard let known = rule.limits.first(where: { $0.name == limit }) else {
        refuse("rule '\(rule.name)' has no limit '\(limit)'\(suggestion(for: limit, among: limits))")
        continue
      }
      if let value = mark.value, let refusal = known.refusal(of: value) {
        refuse("limit '\(limit)' of rule '\(rule.name)': \(value.written) \(refusal)")
      }
    }
    findings += withoutConduit(compiled)
    for adapter in site.adapters {
      guard let source = adapters[adapter.name] else { continue }
      do {
        let code = try AdapterScript(text: source.text, file: source.file)
        do throws(DeliveryError) {
          _ = try Credentials(code.authorisation, settings: adapter)
        } catch {
          // A generated secret that is not there yet is made at the first run.
          if case .noSecret = error {
          } else {
            findings.append(Finding(file: source.file, line: nil, message: "adapter '\(adapter.name)': \(error)"))
          }
        }
        let routed = ActionKind.allCases.filter { kind in
          site.policy.routes.contains { $0.kind == kind && $0.adapter == adapter.name }
        }
        let acts = routed.contains { kind in site.policy.tiers.contains { $0.tier == .act && ($0.kind ?? kind) == kind }
        }
        if acts, !code.isIdempotent, !code.skills.contains(.lookUp) {
          findings.append(
            Finding(
              file: source.file, line: nil,
              message:
                "the site lets '\(adapter.name)' act, but this adapter is not idempotent and cannot look up what it made: a second try could make a second order; lower the tier to advise"
            ))
        }
      } catch {
        findings.append(error)
      }
    }
    return findings
  }
}
