import Rules

/// Several readers as one: what each gives keeps its order, and between them the one whose time has come least far goes
/// first, the earlier-named at one time. Readers that are each sorted by time come out sorted.
package final class MergedInputs: PastInputs {
  private struct Head {
    var reader: any PastInputs
    var block: [Input] = []
    var place = 0
    var goesOn = true
    /// The newest time so far: a late change does not go before others.
    var time = Instant.distantPast
  }
  private var heads: [Head]
  private static let atOnce = 4096

  package init(_ readers: [any PastInputs]) { heads = readers.map { Head(reader: $0) } }

  package func read(into inputs: inout [Input]) throws -> Bool {
    if heads.count == 1 { return try heads[0].reader.read(into: &inputs) }
    let enough = inputs.count + Self.atOnce
    for index in heads.indices where heads[index].place == heads[index].block.count { try refill(index) }
    while inputs.count < enough {
      guard
        let next = heads.indices.filter({ heads[$0].place < heads[$0].block.count })
          .min(by: { (heads[$0].time, $0) < (heads[$1].time, $1) })
      else { return false }
      // Until another has come less far.
      let limit = heads.indices.filter { $0 != next && heads[$0].place < heads[$0].block.count }
        .map { (heads[$0].time, $0) }.min { $0 < $1 }
      repeat {
        inputs.append(heads[next].block[heads[next].place])
        heads[next].place += 1
        if heads[next].place == heads[next].block.count { try refill(next) } else { look(next) }
        guard heads[next].place < heads[next].block.count else { break }
      } while inputs.count < enough && (limit.map { (heads[next].time, next) < $0 } ?? true)
    }
    return true
  }

  private func refill(_ index: Int) throws {
    heads[index].block.removeAll(keepingCapacity: true)
    heads[index].place = 0
    while heads[index].goesOn, heads[index].block.isEmpty {
      heads[index].goesOn = try heads[index].reader.read(into: &heads[index].block)
    }
    if !heads[index].block.isEmpty { look(index) }
  }

  private func look(_ index: Int) {
    if let time = heads[index].block[heads[index].place].time { heads[index].time = max(heads[index].time, time) }
  }
}

extension Input {
  /// Data time, where it has one.
  var time: Instant? {
    switch self {
    case .change(let change): change.time
    case .tick(_, let time), .partialTick(_, let time, _), .source(_, _, let time): time
    case .bind, .config, .command, .fault, .death, .meaning, .skipped: nil
    }
  }
}
