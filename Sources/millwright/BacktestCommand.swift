import ArgumentParser
import Benefit
import Foundation
import Ingest
import Rules
import Site

/// Replays history through the rules and says what they would have done.
struct BacktestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest",
    abstract: "Replays files of history through the rules: what would have been decided, and how good the data are.",
    discussion: """
      Files are CSV, with a row a value (time,asset,tag,value[,quality]) or a column a tag, or NDJSON; each may be packed
      with gzip. What a file calls things is mapped with --column, say --column time=Timestamp --column Running=run_flag.
      """)

  enum Order: String, ExpressibleByArgument, CaseIterable { case arrival, sorted }
  enum Form: String, ExpressibleByArgument, CaseIterable { case text, csv, json }

  @OptionGroup var folders: SiteFolders
  @Option(parsing: .upToNextOption, help: "the files of history") var data: [String] = []
  @Option(help: "a rule's name, or the path of a rule file that need not be among the site's; may be given again")
  var rule: [String] = []
  @Option(help: "arrival: as the files have it; sorted: by time first") var order: Order = .arrival
  @Option(help: "text for people; csv: rule,asset,seq,event,time,since; json with the readings") var format: Form =
    .text
  @Option(
    help: "OURS=THEIRS: time, asset, tag, value, quality or a tag, and what the files call it; may be given again")
  var column: [String] = []
  @Option(help: "the asset of files that name none") var asset: String?
  @Option(help: "what separates columns, if it is not to be told from the header: ',' ';' or tab") var separator:
    String?
  @Option(help: "the decimal point of the files: '.' or ','") var decimal = "."
  @Option(help: "how times are written, if it is not to be told from the files: iso, s, ms, us, ns")
  var timeIs: FileForm.Times?
  @Option(help: "whose clock shows the times that are written without an offset, say Europe/Paris; UTC unless given")
  var timeZone = "UTC"
  @Option(help: "how many threads decide; all cores unless given") var threads: Int?

  func run() throws {
    guard !data.isEmpty else { throw Failure.usage("which history? Say --data FILE") }
    let form = try fileForm()
    let (installation, wanted) = try Installation.read(folders, makeSecrets: false).choosing(rule)
    let configuration = try installation.configuration()
    let names = Ingest.PlantNames(installation.site.model, bindings: installation.site.bindings)
    let files: [DataFile]
    do {
      files = try data.map { try DataFile($0, form: form, names: names) }
    } catch {
      throw BacktestCommand.failure(error)
    }
    let progress = Progress(files)
    let backtest = Backtest(
      parts: ConnectedParts(configuration.model, configuration.rules),
      threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, wantsTrails: format == .text
    ) { try installation.configuration() }
    let merged = MergedInputs(files)
    let result: BacktestResult
    do {
      result = try backtest.run(order == .sorted ? SortedInputs(merged) : merged, progress: progress.show)
    } catch {
      progress.clear()
      throw BacktestCommand.failure(error)
    }
    progress.clear()
    let report = BacktestReport(
      result: result, files: files.map(\.report), model: configuration.model, rules: configuration.rules,
      wanted: wanted, zone: form.zone)
    switch format {
    case .text: print(report.text)
    case .csv:
      print(report.csv, terminator: "")
      report.tellTroubles()
    case .json:
      print(json(report.tree))
      report.tellTroubles()
    }
    guard result.changes > 0 else {
      throw Failure.findings(["no value could be read from \(data.joined(separator: ", "))"])
    }
  }

  /// A file that is not there cannot be read; one whose form is wrong can be put right.
  private static func failure(_ error: any Error) -> any Error {
    switch error {
    case FileError.form: Failure.findings(["\(error)"])
    case is FileError, is SortError: Failure.cannot("\(error)")
    default: error
    }
  }

  private func fileForm() throws -> FileForm {
    var form = FileForm()
    for mapping in column {
      let parts = mapping.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw Failure.usage("--column \(mapping): say OURS=THEIRS, as in --column time=Timestamp")
      }
      guard form.columns.updateValue(parts[1], forKey: parts[0]) == nil else {
        throw Failure.usage("--column \(parts[0]) is given twice")
      }
    }
    form.asset = asset
    if let separator {
      guard let byte = [",": UInt8(ascii: ","), ";": UInt8(ascii: ";"), "tab": 0x09, "\t": 0x09][separator] else {
        throw Failure.usage("--separator is ',' or ';' or tab, not '\(separator)'")
      }
      form.separator = byte
    }
    guard decimal == "." || decimal == "," else { throw Failure.usage("--decimal is '.' or ',', not '\(decimal)'") }
    form.decimal = decimal == "," ? UInt8(ascii: ",") : UInt8(ascii: ".")
    guard let zone = Zone.known(as: timeZone) else {
      throw Failure.usage(
        "--time-zone \(timeZone): no zone has this name\(suggestion(for: timeZone, among: Zone.knownNames))")
    }
    form.zone = zone
    form.times = timeIs
    if let threads, threads < 1 { throw Failure.usage("--threads is at least 1") }
    return form
  }
}

extension FileForm.Times: ExpressibleByArgument {}

/// How much of the files has been read, on a terminal only.
private final class Progress {
  private let files: [DataFile]
  private let size: Int
  private let isShown: Bool
  private var last = -1

  init(_ files: [DataFile]) {
    self.files = files
    size = files.reduce(0) { $0 + $1.size }
    isShown = isatty(2) == 1 && size > 0
  }

  func show() {
    guard isShown else { return }
    let percent = min(100, files.reduce(0) { $0 + $1.taken } * 100 / size)
    guard percent != last else { return }
    last = percent
    let full = percent * 40 / 100
    standardError.write(
      "\r[\(String(repeating: "#", count: full))\(String(repeating: ".", count: 40 - full))] \(percent) %")
  }

  func clear() {
    if isShown, last >= 0 { standardError.write("\r\u{1B}[K") }
  }
}
