import ArgumentParser
import Foundation
import Ledger
import Rules
import Site

struct SourcesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sources", abstract: "Where data comes from, and how well it does.",
    subcommands: [List.self, DeadLetters.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Links, how far the data lags, what could not be used, and whether the clock is believed.")
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws {
      let reader = try place.reader()
      let unreadable = try reader.deadLetterCounts().reduce(into: [:]) { $0[$1.source, default: 0] += $1.count }
      if let health = try ControlClient(place).health() {
        return show(health, unreadable)
      }
      try showLast(reader, unreadable)
    }

    private func show(_ health: HealthReport, _ unreadable: [String: Int]) {
      guard output.format == .text else { return print(json(health.tree(unreadable))) }
      for trouble in health.troubles { print("! \(printable(trouble))") }
      print(
        table(
          ["SOURCE", "LINK", "SINCE", "NEWEST DATA", "LAG", "BACKLOG", "REDELIVERED", "UNREADABLE"],
          health.sources.map { source in
            [
              source.name, source.link, source.since ?? "-", source.newestData ?? "-",
              source.lagSeconds.map { "\(plain($0)) s" } ?? "-", source.backlog.map { "\($0)" } ?? "-",
              source.redelivered.map { "\($0)" } ?? "-",
              "\(unreadable[source.name] ?? 0)",
            ]
          }))
      let counts = health.counts
      print(
        "since the engine began: \(counts.taken) changes, \(counts.late) late, \(counts.duplicate) duplicate, "
          + "\(counts.notGood) not good, \(counts.ahead) ahead of the clock, "
          + "\(counts.past ?? 0) past, \(count(Int(counts.clockSteps), "clock step"))")
      print(
        "clock: \(health.clockDoubt ?? "believed"); journal: \(health.inputs) inputs, newest commit "
          + "\(health.lastCommit ?? "none"), ledger \(size(health.ledgerBytes)), verified \(health.verified ?? "not yet")"
      )
    }

    /// With no engine: what the journal ends with.
    private func showLast(_ reader: LedgerReader, _ unreadable: [String: Int]) throws {
      let end: JournalNews
      do { end = try reader.news() } catch { throw Failure.cannot("\(error)") }
      let names = (try? place.outline().sources) ?? []
      let rows = end.links.keys.sorted().map { id in
        let name = names.indices.contains(Int(id.index)) ? names[Int(id.index)] : "\(id.index)"
        return (name: name, link: end.links[id])
      }
      switch output.format {
      case .json:
        print(
          json(
            .fields([
              "running": .boolean(false), "newest_data": .time(end.newestData),
              "sources": .list(
                rows.map { row in
                  .fields([
                    "name": .text(row.name), "link": .optional(row.link?.event.words), "since": .time(row.link?.time),
                    "unreadable": .number(Double(unreadable[row.name] ?? 0)),
                  ])
                }),
            ])))
      case .text:
        print("the engine is not running: this is how it was")
        print(
          table(
            ["SOURCE", "LINK", "SINCE", "UNREADABLE"],
            rows.map { row in
              [
                row.name, row.link?.event.words ?? "-", row.link.map { "\($0.time)" } ?? "-",
                "\(unreadable[row.name] ?? 0)",
              ]
            }))
        print("newest data \(end.newestData.map { "\($0)" } ?? "none"); ledger \(size(reader.bytes))")
      }
    }
  }

  struct DeadLetters: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dead-letters", abstract: "Messages that could not be read or are skipped.",
      subcommands: [Kept.self, Take.self, Drop.self], defaultSubcommand: Kept.self)
  }
}

extension SourcesCommand.DeadLetters {
  struct Take: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives a skipped message to the running engine again.",
      discussion: "The engine ended twice in it: look first at what it says, and at what has changed since.")
    @Argument(help: "the message's number (ID in 'sources dead-letters')") var id: Int64
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws { try ControlClient(place).carryOut(.takeLetter(id), format: output.format) }
  }

  struct Drop: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Leaves a skipped message out for good; it is a trouble no longer.")
    @Argument(help: "the message's number (ID in 'sources dead-letters')") var id: Int64
    @Option(help: "the reason, for the record") var why: String
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws { try ControlClient(place).carryOut(.dropLetter(id, why: why), format: output.format) }
  }

  struct Kept: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Messages that could not be read or are skipped, newest first, and how many there were.")
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption
    @Option(help: "at most this many") var limit = 50

    func run() throws {
      let reader = try place.reader()
      let letters = try reader.deadLetters(limit: limit)
      let counts = try reader.deadLetterCounts()
      switch output.format {
      case .json:
        print(
          json(
            .fields([
              "counts": .list(
                counts.map {
                  .fields([
                    "source": .text($0.source), "reason": .text($0.reason), "count": .number(Double($0.count)),
                    "last": .time($0.last),
                  ])
                }),
              "kept": .list(
                letters.map { row in
                  let letter = row.letter
                  return .fields([
                    "id": .number(Double(row.id)), "source": .text(letter.source), "topic": .text(letter.topic),
                    "reason": .text(letter.reason), "detail": .text(letter.detail), "arrived": .time(letter.arrived),
                    "payload": .text(String(decoding: letter.payload, as: UTF8.self)),
                    "skipped": .boolean(letter.skipped != nil), "fate": .optional(row.fate?.rawValue),
                  ])
                }),
            ])))
      case .text where counts.isEmpty: print("every message could be read")
      case .text:
        print(
          table(
            ["SOURCE", "REASON", "COUNT", "LAST"],
            counts.map { [$0.source, $0.reason, "\($0.count)", "\($0.last)"] }))
        print("")
        print(
          table(
            ["ID", "ARRIVED", "SOURCE", "TOPIC", "DETAIL", "PAYLOAD"],
            letters.map { row in
              let letter = row.letter
              let text = String(decoding: letter.payload.prefix(60), as: UTF8.self)
              return [
                "\(row.id)", "\(letter.arrived)", letter.source, printable(letter.topic),
                printable(row.fate.map { "\(letter.detail); \($0.rawValue)" } ?? letter.detail), printable(text),
              ]
            }))
      }
    }
  }
}

extension LinkEvent {
  fileprivate var words: String {
    switch self {
    case .connected: "catching_up"
    case .caughtUp: "up"
    case .lost, .newSession: "down"
    }
  }
}

extension HealthReport {
  fileprivate func tree(_ unreadable: [String: Int]) -> Tree {
    .fields([
      "running": .boolean(true), "pid": .number(Double(pid)), "at": .text(at),
      "troubles": .list(troubles.map(Tree.text)),
      "standing": .list(
        (standing ?? []).map {
          .fields([
            "kind": .text($0.kind), "subject": .text($0.subject), "text": .text($0.text),
            "since": .optional($0.since),
          ])
        }), "clock_doubt": .optional(clockDoubt),
      "sources": .list(
        sources.map { source in
          .fields([
            "name": .text(source.name), "link": .text(source.link), "since": .optional(source.since),
            "newest_data": .optional(source.newestData), "lag_seconds": source.lagSeconds.map(Tree.number) ?? .null,
            "backlog": source.backlog.map { .number(Double($0)) } ?? .null,
            "connections": source.connections.map { .number(Double($0)) } ?? .null,
            "redelivered": source.redelivered.map { .number(Double($0)) } ?? .null,
            "last_failure": .optional(source.lastFailure),
            "unreadable": .number(Double(unreadable[source.name] ?? 0)),
          ])
        }),
      "taken": .number(Double(counts.taken)), "late": .number(Double(counts.late)),
      "duplicate": .number(Double(counts.duplicate)), "not_good": .number(Double(counts.notGood)),
      "ahead": .number(Double(counts.ahead)), "clock_steps": .number(Double(counts.clockSteps)),
      "past": .number(Double(counts.past ?? 0)), "inputs": .number(Double(inputs)),
      "ledger_bytes": .number(Double(ledgerBytes)),
      "oldest_unsent": .optional(oldestUnsent), "halted": .optional(halted), "last_commit": .optional(lastCommit),
      "last_snapshot": .optional(lastSnapshot), "verified": .optional(verified),
    ])
  }
}
