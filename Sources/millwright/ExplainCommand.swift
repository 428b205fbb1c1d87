import ArgumentParser
import Benefit
import Engine
import Explain
import Foundation
import Historian
import Ingest
import Ledger
import Rules
import Scripting
import Site

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "What a rule knew about an asset around a moment, and why it decided or did not.",
    discussion: """
      Reads the journal of the site's engine, which may be running, or with --from one of the site's historians, or
      with --data files as backtest reads them. The same evaluator as the engine's is driven from the newest snapshot
      before the moment, or from the beginning. Files that name no asset are taken to be of the one that is asked about.
      """)

  @Argument(help: "the rule's name") var rule: String
  @Argument(help: "the asset: its path, or the end of it (P-101)") var asset: String
  @Option(help: "the moment, 2026-03-01T10:00:00Z; without an offset it is the site's own time") var at: String
  @Option(help: "how far to look around it, as \"2 h\"; else three times held_for, at least 10 min") var around: String?
  @Flag(help: "say why it did not decide, and how far each comparison was from true") var whyNot = false
  @Option(help: "journal, or the name of one of the site's historians") var from: String?
  @Option(parsing: .upToNextOption, help: "files of history instead") var data: [String] = []
  @OptionGroup var history: HistoryOptions
  @Option(help: "the site's folder") var site = "site"
  @Option(help: "the folder of rule files, instead of the one site.yaml names") var rules: String?
  @Option(help: "the folder of adapters, instead of the one site.yaml names") var integrations: String?
  @Option(help: "a ledger file, instead of the site's") var ledger: String?
  @OptionGroup var output: FormatOption

  func run() throws {
    guard data.isEmpty || (from == nil && ledger == nil) else {
      throw Failure.usage("--data and \(from == nil ? "--ledger" : "--from") are two histories; say one of them")
    }
    var folders = SiteFolders(site: site)
    folders.rules = rules
    folders.integrations = integrations
    let installation = try Installation.read(folders, makeSecrets: false)
    // What is explained was decided.
    let configuration = try installation.configuration(clocked: false)
    let subject = try subject(in: configuration, of: installation)
    var explanation =
      switch from {
      case _ where !data.isEmpty: try fromFiles(configuration, installation, subject)
      case nil, "journal": try fromJournal(configuration, installation, subject)
      case let name?: try fromHistorian(name, configuration, installation, subject)
      }
    if installation.site.zone != .utc { explanation.zone = installation.site.zone }
    switch output.format {
    case .text: print(explanation.lines(whyNot: whyNot).map { printable($0) }.joined(separator: "\n"))
    case .json: print(json(explanation.tree))
    }
  }

  /// What is asked about, found in the site.
  private struct Subject {
    var rule: Rule
    var asset: Asset
    var moment: Instant
    var around: TimeSpan
    var outline: Outline?
  }

  private func subject(in configuration: Configuration, of installation: Installation) throws -> Subject {
    guard let rule = configuration.rules.first(where: { $0.name == self.rule }) else {
      throw Failure.usage(
        "there is no rule '\(self.rule)'\(suggestion(for: self.rule, among: configuration.rules.map(\.name)))")
    }
    let assets = configuration.model.assets.filter { $0.path == asset || $0.path.hasSuffix("/" + asset) }
    guard let found = assets.first, assets.count == 1 else {
      let near = suggestion(for: asset, among: configuration.model.assets.flatMap { [$0.name, $0.path] })
      throw Failure.usage(
        assets.isEmpty
          ? "there is no asset '\(asset)'\(near)"
          : "'\(asset)' may be \(assets.map(\.path).joined(separator: " or ")); write more of the path")
    }
    let assetClass = configuration.model.classes[found.classIndex].name
    guard rule.appliesTo == assetClass else {
      throw Failure.usage("rule '\(rule.name)' applies to \(rule.appliesTo), and \(found.path) is of \(assetClass)")
    }
    let zone = installation.site.zone
    guard let moment = Instant(rfc3339: at) ?? Instant(rfc3339: at, defaultOffset: .zero).map(zone.instant(ofLocal:))
    else { throw Failure.usage("'\(at)' is no moment; write it as 2026-03-01T10:00:00Z") }
    let held = rule.heldFor.span(in: rule.limits)
    var span = max(.minutes(10), TimeSpan(microseconds: held.microseconds.saturatingTimes(3)))
    if let around {
      guard let given = TimeSpan(around), given > .zero else {
        throw Failure.usage("'\(around)' is no length of time; write \"30 min\" or \"2 h\"")
      }
      span = given
    }
    let text = installation.rules.first { $0.file == "rules/\(rule.name).lua" }
    return Subject(
      rule: rule, asset: found, moment: moment, around: span,
      outline: text.flatMap {
        RuleFile.outline(
          of: "when", text: $0.text, file: $0.file, readings: rule.readings.map(\.name), limits: rule.limits.map(\.name)
        )
      })
  }

  // MARK: From where

  private func fromJournal(
    _ configuration: Configuration, _ installation: Installation, _ subject: Subject
  ) throws -> Explanation {
    do {
      let reader = try LedgerReader(path: ledger ?? installation.site.stateFolder + "/ledger.sqlite")
      let from = subject.moment - subject.around
      var decider = Decider(configuration)
      var begin: Int64?
      if let snapshot = try reader.snapshot(of: configuration.hash, takenBy: from),
        let restored = try? Recollection.decider(configuration, from: snapshot)
      {
        decider = restored
        begin = snapshot.next
      }
      let journal = try JournalInputs(reader, configuration, from: begin)
      var explanation = try explain(subject, decider, journal, endsAsFile: false)
      explanation.remarks += journal.remarks
      return explanation
    } catch {
      throw pastFailure(error)
    }
  }

  private func fromFiles(
    _ configuration: Configuration, _ installation: Installation, _ subject: Subject
  ) throws -> Explanation {
    let form = try history.form(asset: subject.asset.path)
    let names = Ingest.PlantNames(installation.site.model, bindings: installation.site.bindings)
    // As backtest decides: what no rule connects with this asset has a time of its own, and is not needed.
    let parts = ConnectedParts(configuration.model, configuration.rules)
    let replayed = parts.replayed(configuration)
    let part = configuration.model.assets.firstIndex { $0.path == subject.asset.path }.map { parts.part[$0] }
    func concerns(_ input: Input) -> Bool {
      guard case .change(let change) = input else { return true }
      return parts.part[Int(replayed.model.tags[Int(change.tag.index)].asset.index)] == part
    }
    do {
      let files = try data.map { try DataFile($0, form: form, names: names) }
      let past = history.ordered(MergedInputs(files))
      var explanation = try explain(subject, Decider(replayed), past, endsAsFile: true, where: concerns)
      explanation.remarks += files.flatMap(\.report.troubleLines)
      return explanation
    } catch {
      throw pastFailure(error)
    }
  }

  private func fromHistorian(
    _ name: String, _ configuration: Configuration, _ installation: Installation, _ subject: Subject
  ) throws -> Explanation {
    // Far enough back for every window to be full; what was active before shows by firing anew.
    let longest = subject.rule.readings.compactMap(\.form.window?.length).max() ?? .zero
    let begin =
      subject.moment - subject.around - max(.hours(24), TimeSpan(microseconds: longest.microseconds.saturatingTimes(2)))
    let past = try installation.past(from: name, between: begin, and: subject.moment + subject.around, configuration)
    var replayed = configuration
    // A historian has everything in order: nothing more comes late.
    for index in replayed.sources.indices { replayed.sources[index].lateness = .zero }
    do {
      var explanation = try explain(subject, Decider(replayed), past, endsAsFile: true)
      explanation.remarks.append(
        "read from \(name), from \(begin) on: what was decided and active before is not known")
      return explanation
    } catch {
      throw pastFailure(error)
    }
  }

  private func explain(
    _ subject: Subject, _ decider: Decider, _ past: any PastInputs, endsAsFile: Bool,
    where concerns: (Input) -> Bool = { _ in true }
  ) throws -> Explanation {
    var explainer = try Explainer(
      decider, rule: subject.rule.name, asset: subject.asset.path, at: subject.moment, around: subject.around,
      outline: subject.outline)
    var (isMore, goesOn) = (true, true)
    var batch: [Input] = []
    while isMore, goesOn {
      batch.removeAll(keepingCapacity: true)
      isMore = try past.read(into: &batch)
      for input in batch where goesOn && concerns(input) { goesOn = explainer.take(input) }
    }
    return explainer.explain(isWhole: endsAsFile && goesOn)
  }
}
