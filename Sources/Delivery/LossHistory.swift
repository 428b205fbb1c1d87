import Rules

/// Why a system's losses cannot be had.
package enum LossHistoryError: Error, Equatable, CustomStringConvertible {
  case cannotTell(adapter: String)
  case unanswered(adapter: String, why: String)
  case misunderstood(adapter: String, why: String)
  case endless(adapter: String, reference: String)

  package var description: String {
    switch self {
    case .cannotTell(let adapter):
      "adapter '\(adapter)' cannot tell what assets have lost: its adapter.lua has no 'losses' and 'read_losses'"
    case .unanswered(let adapter, let why): "\(adapter) did not answer: \(why)"
    case .misunderstood(let adapter, let why): "\(adapter): \(why)"
    case .endless(let adapter, let reference):
      "\(adapter) told of the loss '\(reference)' twice: its 'losses' must ask for those after 'after' only"
    }
  }
}

/// What a system knows of losses, asked for page by page. It makes nothing there, and lives on one thread.
package final class LossHistory {
  private let settings: AdapterSettings
  private let code: any AdapterCode
  private let wire: Wire

  /// Throws when the adapter cannot tell, or lacks a secret.
  package init(_ settings: AdapterSettings, _ code: any AdapterCode, clock: @escaping WallClock) throws {
    guard code.skills.contains(.losses) else { throw LossHistoryError.cannotTell(adapter: settings.name) }
    _ = try Credentials(code.authorisation, settings: settings)
    self.settings = settings
    self.code = code
    wire = try Wire(settings: settings, authorisation: code.authorisation, secretsAgain: nil, clock: clock)
  }

  /// All that began at `since` or later, as the system orders them, its texts on one line and without secrets.
  package func read(since: Instant) throws(LossHistoryError) -> [ReportedLoss] {
    var losses: [ReportedLoss] = []
    var seen: Set<String> = []
    while true {
      let page = try page(since: since, after: losses.last?.reference, number: seen.count)
      guard !page.isEmpty else { break }
      for loss in page where !seen.insert(loss.reference).inserted {
        throw .endless(adapter: settings.name, reference: loss.reference)
      }
      losses += page
    }
    return losses.filter { $0.started >= since }.map { loss in
      var loss = loss
      loss.reference = wire.clean(loss.reference)
      loss.cause = loss.cause.map(wire.clean)
      return loss
    }
  }

  private func page(since: Instant, after: String?, number: Int) throws(LossHistoryError) -> [ReportedLoss] {
    let wanted = Tree.record(
      [Tree.Field("since", .text("\(since)"))] + (after.map { [Tree.Field("after", .text($0))] } ?? []))
    let answer: LossesAnswer
    do {
      let request = try code.losses(wanted, settings: settings.settings)
      _ = try HeaderLines(of: request, adding: [])
      switch wire.perform(request, key: "losses-\(number)") {
      case .notSent(let why), .maybeSent(let why): throw LossHistoryError.unanswered(adapter: settings.name, why: why)
      case .response(let response): answer = try code.readLosses(response, settings: settings.settings)
      }
    } catch let error as LossHistoryError {
      throw error
    } catch {
      throw .misunderstood(adapter: settings.name, why: wire.clean("\(error)"))
    }
    switch answer {
    case .losses(let page): return page
    case .tryAgain(let after, let why):
      throw .unanswered(
        adapter: settings.name, why: wire.clean(why) + (after.map { "; try again in \($0)" } ?? "; try again later"))
    }
  }
}
