import Explain
import Rules

extension Explanation {
  /// For programs: times in UTC, the reason as a word of its own, and all that the page draws.
  var tree: Tree {
    .fields([
      "rule": .text(rule), "asset": .text(asset), "at": .time(moment), "from": .time(from), "to": .time(to),
      "held_for_seconds": .number(heldFor.seconds), "remarks": .list(remarks.map(Tree.text)),
      "condition": atMoment.map { look in
        .fields([
          "phase": .text(look.phase.name), "asked": .time(look.time), "when": .text(word(answered(look))),
          "readings": .record(
            zip(readings, look.readings).map { reading, value in Tree.Field(reading.name, tree(value)) }),
          "not_good_since": .record(
            zip(readings, look.notGoodSince).compactMap { reading, since in
              since.map { Tree.Field(reading.name, .time($0)) }
            }),
        ])
      } ?? .null,
      "limits": .record(limits.map { Tree.Field($0.name, .text($0.value.plain)) }),
      "why_not": .fields(["reason": .text(whyNot.word), "text": .text(whyNotLines.joined(separator: " "))]),
      "parts": .list(atMoment.map { parts($0).map(tree) } ?? []),
      "when": .list(
        stretches.map { stretch in
          .fields([
            "answer": .text(word(stretch.answer)), "from": .time(stretch.from), "to": .time(stretch.to),
            "open": .boolean(stretch.isOpenAtEnd),
          ])
        }),
      "happened": .list(
        happenings.map { .fields(["at": .time($0.time), "what": .text(words($0.what))]) }),
    ])
  }

  private func word(_ answer: Answered) -> String {
    switch answer {
    case .yes: "true"
    case .no: "false"
    case .blind: "blind"
    case .failed: "failed"
    }
  }

  private func tree(_ part: PartAnswer) -> Tree {
    let answer: Tree =
      switch part.answer {
      case .yes: .boolean(true)
      case .no: .boolean(false)
      case .blind, .fault: .null
      }
    return .fields([
      "text": .text(part.text), "true": answer, "left": part.left.map(tree) ?? .null,
      "right": part.right.map(tree) ?? .null, "distance": part.distance.map(Tree.number) ?? .null,
    ])
  }

  private func tree(_ value: ReadingValue) -> Tree {
    switch value {
    case .notGood, .absent: .null
    case .boolean(let flag): .boolean(flag)
    case .number(let number): .number(number)
    case .text(let text): .text(text)
    case .group: .text(value.plain)
    }
  }
}

extension WhyNot {
  fileprivate var word: String {
    switch self {
    case .noData: "no_data"
    case .failed: "failed"
    case .decided: "decided"
    case .heldBack: "held_back"
    case .active: "active"
    case .tooShort: "too_short"
    case .running: "running"
    case .closed: "out_of_calendar"
    case .blind: "blind"
    case .neverTrue: "never_true"
    }
  }
}
