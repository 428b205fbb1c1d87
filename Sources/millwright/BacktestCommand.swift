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
      With --from the history is what the site's engine journalled, or what one of the site's historians keeps.
      With --losses, or where a rule measures its value in the data, it is priced: what was caught, missed and cried for
      nothing, and what is left. --compare tries several values of a limit or of held_for.
      """)

  enum Form: String, ExpressibleByArgument, CaseIterable { case text, csv, json }

  @OptionGroup var folders: SiteFolders
  @Option(parsing: .upToNextOption, help: "the files of history") var data: [String] = []
  @Option(help: "a rule's name, or the path of a rule file that need not be among the site's; may be given again")
  var rule: [String] = []
  @Option(help: "instead of files: journal, or the name of one of the site's historians") var from: String?
  @Option(help: "with --from: samples from this moment on, 2026-01-01T00:00:00Z; a historian needs it")
  var since: String?
  @Option(help: "with --from: samples before this moment; a historian needs it") var until: String?
  @Option(help: "with --from journal: a ledger file, instead of the site's") var ledger: String?
  @Option(help: "text for people; csv: rule,asset,seq,event,time,since; json with the readings") var format: Form =
    .text
  @OptionGroup var history: HistoryOptions
  @Option(help: "the asset of files that name none") var asset: String?
  @Option(help: "how many threads decide; all cores unless given") var threads: Int?
  @OptionGroup var money: BacktestMoney

  func run() throws {
    try refuseWhatDoesNotGoTogether()
    let form = try history.form(asset: asset)
    let (installation, wanted) = try Installation.read(folders, makeSecrets: false).choosing(rule)
    let configuration = try installation.configuration()
    let names = Ingest.PlantNames(installation.site.model, bindings: installation.site.bindings)
    let losses = try money.losses(installation.site)
    let comparison = try money.comparison(wanted, configuration)
    var files: [DataFile] = []
    var past: (any PastInputs)?
    /// Each replay reads the history anew.
    func replay(_ configured: @escaping @Sendable () throws -> Configuration) throws -> BacktestResult {
      do {
        files = try data.map { try DataFile($0, form: form, names: names) }
      } catch {
        throw pastFailure(error)
      }
      let inputs: any PastInputs =
        try from.map { try self.past(from: $0, installation, configuration) } ?? MergedInputs(files)
      past = inputs
      let progress = Progress(files)
      let backtest = Backtest(
        parts: ConnectedParts(configuration.model, configuration.rules),
        threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
        wantsTrails: format == .text || money.html != nil, configuration: configured)
      defer { progress.clear() }
      do {
        return try backtest.run(history.ordered(inputs), progress: progress.show)
      } catch {
        progress.clear()
        throw pastFailure(error)
      }
    }
    let result = try replay { try installation.configuration() }
    var report = BacktestReport(
      result: result, files: files.map(\.report), remarks: (past as? JournalInputs)?.remarks ?? [],
      model: configuration.model, rules: configuration.rules,
      wanted: wanted, zone: form.zone)
    report.priced = try money.priced(result, configuration, wanted, losses: losses)
    if let comparison, result.ended[comparison.rule] == nil {
      report.sweep = try money.sweep(comparison, result, configuration, losses: losses) { value in
        try replay { try comparison.applied(value, try installation.configuration()) }
      }
    }
    if let html = money.html {
      guard !report.priced.isEmpty || !result.ended.isEmpty else {
        throw Failure.usage("--html shows what was priced: it goes with --losses, or a rule that measures its value")
      }
      report.priced = report.withEvidence()
      let page = backtestPage(
        BacktestShown(
          site: installation.site.title, currency: configuration.prices.currency, priced: report.priced,
          sweep: report.sweep, remarks: report.remarks))
      try writePage(page, to: html)
    }
    if money.keep { try money.keepFigures(report.priced, configuration, folders) }
    switch format {
    case .text: print(report.text)
    case .csv:
      print(report.csv, terminator: "")
      report.tellTroubles()
    case .json:
      print(json(report.tree))
      report.tellTroubles()
    }
    if !result.ended.isEmpty {
      throw Failure.findings(
        result.ended.sorted { $0.key < $1.key }.map { rule, why in
          "rule '\(rule)': \(why): not evaluated from there, and none of its decisions is priced"
        })
    }
    guard result.changes > 0 else {
      throw Failure.findings(["no value could be read from \(from ?? data.joined(separator: ", "))"])
    }
  }

  private func refuseWhatDoesNotGoTogether() throws {
    guard !data.isEmpty || from != nil else { throw Failure.usage("which history? Say --data FILE or --from NAME") }
    guard data.isEmpty || from == nil else {
      throw Failure.usage("--data and --from are two histories; say one of them")
    }
    guard from != nil || (since == nil && until == nil) else {
      throw Failure.usage("--since and --until go with --from; files are read whole")
    }
    guard ledger == nil || from == "journal" else { throw Failure.usage("--ledger goes with --from journal") }
    if let threads, threads < 1 { throw Failure.usage("--threads is at least 1") }
  }

  private func past(
    from name: String, _ installation: Installation, _ configuration: Configuration
  ) throws -> any PastInputs {
    func moment(_ text: String?, _ option: String, else open: Instant) throws -> Instant {
      if text == nil, name == "journal" { return open }
      guard let text else { throw Failure.usage("from when to when? A historian is read between --since and --until") }
      guard let moment = Instant(rfc3339: text) else {
        throw Failure.usage("--\(option) '\(text)' is no moment; write it as 2026-01-01T00:00:00Z")
      }
      return moment
    }
    let begin = try moment(since, "since", else: .distantPast)
    let end = try moment(until, "until", else: .distantFuture)
    guard begin < end else { throw Failure.usage("--since \(begin) is not before --until \(end)") }
    return try installation.past(from: name, between: begin, and: end, ledger: ledger, configuration)
  }
}

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
    standardError.writeRaw(
      "\r[\(String(repeating: "#", count: full))\(String(repeating: ".", count: 40 - full))] \(percent) %")
  }

  func clear() {
    if isShown, last >= 0 { standardError.writeRaw("\r\u{1B}[K") }
  }
}
