import ArgumentParser
import Foundation
import Rules

struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Runs the rules' examples, also with the limits that assets override.",
    discussion: """
      An example that fails is drawn: each reading over the time of the example, and what the condition was \
      ('.' normal, '-' pending, '#' active, '?' blind).
      """)
  @OptionGroup var folders: SiteFolders
  @Argument(help: "only this rule") var rule: String?
  @Flag(help: "draw the examples that hold, too") var draw = false
  @OptionGroup var output: FormatOption

  func run() throws {
    let installation = try Installation.read(folders, makeSecrets: false, proving: false)
    var rules = try installation.configuration().rules
    if let rule {
      let names = rules.map(\.name)
      rules.removeAll { $0.name != rule }
      if rules.isEmpty { throw Failure.findings(["no rule is named '\(rule)'\(suggestion(for: rule, among: names))"]) }
    }
    var asked = 0
    let proven = rules.map { (rule: $0, proofs: installation.proofs(of: $0, asked: &asked)) }
    let failed = proven.reduce(0) { $0 + $1.proofs.count { !$0.run.holds } }
    switch output.format {
    case .json: print(json(.list(proven.flatMap { rule, proofs in proofs.map { $0.tree(of: rule) } })))
    case .text:
      for (rule, proofs) in proven { tell(rule, proofs) }
      let total = proven.reduce(0) { $0 + $1.proofs.count }
      print(
        "\(proven.count) rule\(proven.count == 1 ? "" : "s"), \(total) run\(total == 1 ? "" : "s") of examples: "
          + "\(total - failed) held, \(failed) failed")
    }
    if failed > 0 { throw Failure.findings([]) }
  }

  private func tell(_ rule: Rule, _ proofs: [Proof]) {
    print(rule.name)
    if proofs.isEmpty { print("  no examples: the rule may do no more than record") }
    for proof in proofs {
      let limits = proof.limits.map { " (\($0))" } ?? ""
      if proof.run.holds {
        print("  ok    \(proof.example.name)\(limits): \(proof.run.summary)")
      } else {
        print("  FAIL  \(proof.example.name)\(limits), rules/\(rule.name).lua:\(proof.example.line)")
        for failure in proof.run.failures { print("        \(failure)") }
      }
      if draw || !proof.run.holds { for line in proof.run.drawing { print("        \(line)") } }
    }
  }
}

extension ExampleRun {
  /// What it came to, in a few words.
  fileprivate var summary: String {
    func words(_ times: [TimeSpan]) -> String { times.map { "\($0)" }.joined(separator: ", ") }
    var parts: [String] = []
    if !fired.isEmpty { parts.append("fires after \(words(fired))") }
    if !heldBack.isEmpty { parts.append("held back after \(words(heldBack))") }
    if !cleared.isEmpty { parts.append("clears after \(words(cleared))") }
    return parts.isEmpty ? "nothing happens" : parts.joined(separator: "; ")
  }

  /// A line for each reading and one for the condition, from left to right over the time of the example.
  package var drawing: [String] {
    let width = 60
    let names = traces.map(\.reading) + ["condition"]
    let column = (names.map(\.count).max() ?? 0) + 2
    func row(_ name: String, _ marks: [String], _ note: String) -> String {
      let shown = (0..<min(width, marks.count)).map { marks[$0 * marks.count / min(width, marks.count)] }.joined()
      return name.padding(toLength: column, withPad: " ", startingAt: 0) + shown + (note.isEmpty ? "" : "  \(note)")
    }
    var rows = traces.map { row($0.reading, $0.marks, $0.note) }
    let marks = phases.map { phase in
      switch phase {
      case .normal: "."
      case .pending: "-"
      case .active: "#"
      case .blind: "?"
      }
    }
    rows.append(row("condition", marks, ""))
    return rows
  }
}

extension ExampleRun.Trace {
  private var numbers: [Double] { values.compactMap { if case .number(let number)? = $0 { number } else { nil } } }

  /// A bar between the lowest and the highest for a number, a letter for what is none.
  fileprivate var marks: [String] {
    let bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 0)
    return values.map { value in
      switch value {
      case nil, .null?: " "
      case .boolean(let flag): flag ? "█" : "▁"
      case .text(let text): String(text.prefix(1))
      case .number(let number): high > low ? bars[Int((number - low) / (high - low) * 7)] : bars[3]
      }
    }
  }

  fileprivate var note: String {
    if let low = numbers.min(), let high = numbers.max() {
      return low == high ? plain(low) : "\(plain(low)) to \(plain(high))"
    }
    var texts: [String] = []
    for case .text(let text)? in values where texts.last != text { texts.append(text) }
    return texts.joined(separator: ", ")
  }
}

extension Proof {
  fileprivate func tree(of rule: Rule) -> Tree {
    func times(_ times: [TimeSpan]) -> Tree { .list(times.map { .number($0.seconds) }) }
    return .fields([
      "rule": .text(rule.name), "example": .text(example.name), "line": .number(Double(example.line)),
      "limits_of": .optional(limits), "holds": .boolean(run.holds), "failures": .list(run.failures.map(Tree.text)),
      "fired_after_seconds": times(run.fired), "held_back_after_seconds": times(run.heldBack),
      "cleared_after_seconds": times(run.cleared),
    ])
  }
}
