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
          + count(Int(counts.clockSteps), "clock step"))
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
      commandName: "dead-letters", abstract: "Messages that could not be read, newest first, and how many there were.")
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
                letters.map {
                  .fields([
                    "source": .text($0.source), "topic": .text($0.topic), "reason": .text($0.reason),
                    "detail": .text($0.detail), "arrived": .time($0.arrived),
                    "payload": .text(String(decoding: $0.payload, as: UTF8.self)),
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
            ["ARRIVED", "SOURCE", "TOPIC", "DETAIL", "PAYLOAD"],
            letters.map {
              let text = String(decoding: $0.payload.prefix(60), as: UTF8.self)
              return ["\($0.arrived)", $0.source, printable($0.topic), printable($0.detail), printable(text)]
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
      "troubles": .list(troubles.map(Tree.text)), "clock_doubt": .optional(clockDoubt),
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
      "inputs": .number(Double(inputs)), "ledger_bytes": .number(Double(ledgerBytes)),
      "oldest_unsent": .optional(oldestUnsent), "halted": .optional(halted), "last_commit": .optional(lastCommit),
      "last_snapshot": .optional(lastSnapshot), "verified": .optional(verified),
    ])
  }
}
