import Historian
import Ledger
import Rules
import Site

extension Installation {
  /// The past as files would have it: from the engine's own journal (`journal`), as it came, or from one of the site's
  /// historians, in order of time. From `begin` (included) to `end` (not included), by the time of the data. `ledger`
  /// is the file of another journal than the site's.
  func past(
    from name: String, between begin: Instant, and end: Instant, ledger: String? = nil, _ configuration: Configuration
  ) throws -> any PastInputs {
    do {
      if name == "journal" {
        let reader = try LedgerReader(path: ledger ?? site.stateFolder + "/ledger.sqlite")
        return try JournalInputs(reader, configuration, samplesWithin: begin..<end)
      }
      guard let historian = site.historians.first(where: { $0.name == name }) else {
        let known = site.historians.map(\.name) + ["journal"]
        throw Failure.usage(
          "there is no historian '\(name)'\(suggestion(for: name, among: known)); the site has \(known.joined(separator: ", "))"
        )
      }
      return try historian.inputs(site.model, from: begin, to: end)
    } catch {
      throw pastFailure(error)
    }
  }
}
