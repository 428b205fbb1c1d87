import ArgumentParser
import Ledger
import Rules
import Site

struct AssetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "assets", abstract: "The assets of a site, and whether they are in service.",
    subcommands: [List.self, Out.self, In.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Every asset in tree order, its class, and its service.")
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws {
      let model = try Installation.readSite(SiteFolders(site: place.site), makeSecrets: false).model
      let out = try outOfService()
      func service(_ asset: Asset) -> SilenceRow? {
        out.first { $0.silence.concerns(asset.path) }
      }
      switch output.format {
      case .json:
        print(
          json(
            .list(
              model.assets.map { asset in
                let row = service(asset)
                return .fields([
                  "asset": .text(asset.path), "class": .text(model.classes[asset.classIndex].name),
                  "in_service": .boolean(row == nil), "out_since": .time(row?.since),
                  "out_by": .optional(row?.silence.person), "why": .optional(row?.why),
                ])
              })))
      case .text:
        print(
          table(
            ["ASSET", "CLASS", "SERVICE"],
            model.assets.map { asset in
              let row = service(asset)
              let service = row.map { "out since \($0.since) by \($0.silence.person)\(printable(": " + $0.why))" }
              return [asset.path, model.classes[asset.classIndex].name, service ?? "in service"]
            }))
      }
    }

    /// Nothing is where the engine has never run.
    private func outOfService() throws -> [SilenceRow] {
      do {
        return try LedgerReader(path: place.path()).silences().filter { $0.silence.rule == nil }
      } catch LedgerError.notFound {
        return []
      } catch let error as LedgerError {
        throw Failure.cannot("\(error)")
      }
    }
  }

  struct Out: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes an asset, with all below it, out of service: nothing is decided on it until it is back.",
      discussion: "Rules go on looking. What they would decide is held back, and decided then if it still stands.")
    @Argument(help: "the asset's path, or the end of it (P-101)") var asset: String
    @Option(help: "the reason, for the record") var why: String
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws { try ControlClient(place).carryOut(.takeOut(asset: asset, why: why), format: output.format) }
  }

  struct In: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Puts an asset back into service.")
    @Argument(help: "the asset's path, or the end of it (P-101)") var asset: String
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws { try ControlClient(place).carryOut(.putBack(asset: asset), format: output.format) }
  }
}

extension Silence {
  /// Whether the asset is the one taken out, or below it.
  fileprivate func concerns(_ path: String) -> Bool { path == asset || path.hasPrefix((asset ?? "") + "/") }
}
