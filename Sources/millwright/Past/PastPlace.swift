import Foundation
import Historian
import Ledger
import Rules
import Site

extension Installation {
  /// The past as files would have it, in order of time: from the engine's own journal (`journal`) or from one of the
  /// site's historians, from `begin` (included) to `end` (not included). Of the journal all that is kept is given.
  func past(
    from name: String, between begin: Instant, and end: Instant, _ configuration: Configuration
  ) throws -> any PastInputs {
    do {
      if name == "journal" {
        let reader = try LedgerReader(path: site.stateFolder + "/ledger.sqlite")
        return try JournalInputs(reader, configuration, from: nil, changesOnly: true)
      }
      guard let historian = site.historians.first(where: { $0.name == name }) else {
        let known = site.historians.map(\.name) + ["journal"]
        throw Failure.usage(
          "there is no historian '\(name)'\(suggestion(for: name, among: known)); the site has \(known.joined(separator: ", "))"
        )
      }
      return try historian.inputs(site.model, from: begin, to: end)
    } catch let error as LedgerError {
      throw Failure.cannot("\(error)")
    } catch let error as HistorianError {
      if case .mapping = error { throw Failure.findings(["\(error)"]) }
      throw Failure.cannot("\(error)")
    }
  }
}
