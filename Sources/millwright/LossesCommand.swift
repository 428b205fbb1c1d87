import ArgumentParser
import Benefit
import Foundation
import Ledger
import Rules
import Site

struct LossesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "losses", abstract: "What assets have lost, so that what a rule missed is seen.",
    subcommands: [Import.self, List.self])

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes losses over from a list: asset,start[,end][,cause][,cost][,planned][,reference].",
      discussion: """
        A loss that is known already, by the list's name with its reference, asset and start, is not taken twice. What is
        wrong in one row takes none of the others in.
        """)
    @Argument(help: "the list, as CSV") var file: String
    @Option(help: "what the list is called in the ledger; the file's name unless given") var origin: String?
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption
    /// So many go to the engine at once.
    private static let atOnce = 200

    func run() throws {
      let site = try readSite(place.site)
      let list = LossFile(
        text: try Installation.text(at: file), file: file, assets: site.model.assets.map(\.path), zone: site.zone,
        currency: site.prices.currency)
      guard list.findings.isEmpty else { throw Failure.findings(list.findings.map(\.description)) }
      guard !list.losses.isEmpty else { throw Failure.findings(["\(file): there is no loss in it"]) }
      let origin = origin ?? URL(fileURLWithPath: file).lastPathComponent
      let client = try ControlClient(place)
      for start in stride(from: 0, to: list.losses.count, by: Self.atOnce) {
        let part = Array(list.losses[start..<min(start + Self.atOnce, list.losses.count)])
        try client.carryOut(.losses(part, origin: origin), format: output.format)
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Losses, newest first.")
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption
    @Option(help: "at most this many") var limit = 50

    func run() throws {
      let losses = try place.reader().losses(since: nil, asOf: .distantFuture, limit: limit)
      switch output.format {
      case .json:
        print(
          json(
            .list(
              losses.map {
                .fields([
                  "asset": .text($0.asset), "start": .time($0.start), "end": .time($0.end),
                  "cause": .optional($0.cause), "cost": .optional($0.cost.map { "\($0)" }),
                  "planned": .boolean($0.planned), "reference": .optional($0.reference),
                ])
              })))
      case .text where losses.isEmpty: print("no losses are known")
      case .text:
        print(
          table(
            ["START", "END", "ASSET", "PLANNED", "COST", "CAUSE"],
            losses.map {
              [
                "\($0.start)", "\($0.end)", printable($0.asset), $0.planned ? "yes" : "no",
                $0.cost.map { "\($0)" } ?? "-", printable($0.cause ?? "-"),
              ]
            }))
      }
    }
  }
}

/// A site as its files describe it: no secret is asked for.
func readSite(_ folder: String) throws -> Site {
  let texts = SiteTexts(
    site: try Installation.text(at: folder + "/site.yaml"), assets: try Installation.text(at: folder + "/assets.yaml"))
  do {
    return try Site.read(texts, of: folder, integrations: nil)
  } catch {
    throw Failure.findings(error.list.map(\.description))
  }
}
