import GRDB
import Rules

/// What the journal ends with, for whoever looks while no engine runs.
package struct JournalNews: Sendable, Equatable {
  /// The newest word of each source's link.
  package var links: [SourceID: Link] = [:]
  /// The newest source time of a change.
  package var newestData: Instant?

  package struct Link: Sendable, Equatable {
    package var event: LinkEvent
    package var time: Instant
  }
}

extension LedgerReader {
  /// Looks at the newest inputs only: a link that has said nothing for so long is not in it.
  package func news(inputs: Int64 = 100_000) throws -> JournalNews {
    let next = try reading("the journal") { db in try JournalEnd(db).next }
    var news = JournalNews()
    try replay(from: max(1, next - inputs)) { _, input in
      switch input {
      case .source(_, .newSession, _): break
      case .source(let source, let event, let time): news.links[source] = .init(event: event, time: time)
      case .change(let change): news.newestData = max(news.newestData ?? .distantPast, change.time)
      case .tick, .partialTick, .bind, .config, .command, .fault, .death, .meaning, .skipped: break
      }
    }
    return news
  }
}
