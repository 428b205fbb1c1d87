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
      abstract: "Takes losses over from a list, or from the history of a system that has them.",
      discussion: """
        A list is CSV: asset,start[,end][,cause][,cost][,planned][,reference]. With --from the site's adapter of that
        name asks its system, and the account that runs this must be able to read the adapter's secrets.
        A loss that is known already, by the name of where it is from with its reference, asset and start, is not taken
        twice. What is wrong in one row takes none of the others in.
        """)
    @Argument(help: "the list, as CSV") var file: String?
    @Option(help: "the adapter whose system is asked, instead of a list") var from: String?
    @Option(help: "with --from: losses that began from then on, 2026-01-01 or 2026-01-01T00:00:00Z") var since: String?
    @Option(help: "what the list is called in the ledger; the file's name unless given") var origin: String?
    @Option(help: "the folder of adapters, instead of the one site.yaml names") var integrations: String?
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption
    /// So many go to the engine at once.
    private static let atOnce = 200

    func validate() throws {
      guard (file == nil) != (from == nil) else {
        throw ValidationError("give a list of losses, or the adapter to ask with --from, and not both")
      }
      guard from != nil || since == nil else { throw ValidationError("--since goes with --from") }
      guard from == nil || origin == nil else {
        throw ValidationError("--origin names a list; what is asked of an adapter goes by its name")
      }
    }

    func run() throws {
      let (losses, origin) = try found()
      let client = try ControlClient(place)
      for start in stride(from: 0, to: losses.count, by: Self.atOnce) {
        let part = Array(losses[start..<min(start + Self.atOnce, losses.count)])
        try client.carryOut(.losses(part, origin: origin), format: output.format)
      }
    }

    private func found() throws -> (losses: [Loss], origin: String) {
      if let from {
        let asked = try AskedLosses(from, site: place.site, integrations: integrations)
        let losses = try asked.read(since: since, ledger: place.path())
        for line in asked.left { standardError.write(printable(line) + "\n") }
        guard !losses.isEmpty else { throw Failure.findings(["\(from) has no loss of an asset of this site"]) }
        return (losses, from)
      }
      let file = file ?? ""
      let site = try readSite(place.site)
      let list = LossFile(
        text: try Installation.text(at: file), file: file, assets: site.model.assets.map(\.path), zone: site.zone,
        currency: site.prices.currency)
      guard list.findings.isEmpty else { throw Failure.findings(list.findings.map(\.description)) }
      guard !list.losses.isEmpty else { throw Failure.findings(["\(file): there is no loss in it"]) }
      return (list.losses, origin ?? URL(fileURLWithPath: file).lastPathComponent)
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
