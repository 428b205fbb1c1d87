import Ledger
import Rules

/// The journal of a site's engine, which may be running, as inputs for a loaded configuration. What was journalled under
/// another one is translated by the names of assets and tags; what has no counterpart any more is left out.
final class JournalInputs: PastInputs {
  /// Changes whose asset or tag the loaded configuration does not have.
  private var left = 0
  /// Whether inputs of another configuration were among them.
  private var sawOther = false

  /// What a person should know of it, once it has been read.
  var remarks: [String] {
    var remarks: [String] = []
    if sawOther {
      remarks.append(
        "the rules or the site were changed since: this is what they make, as they are now, of what came then")
    }
    if left > 0 {
      remarks.append("\(count(left, "sample")) of assets or tags that the site does not have now: left out")
    }
    return remarks
  }

  private let reader: LedgerReader
  private let configuration: Configuration
  /// Nil gives all that was journalled; else samples of these times, and nothing else.
  private let samples: Range<Instant>?
  private let assets: [String: AssetID]
  private var next: Int64
  /// How many inputs have been read.
  private(set) var read: Int64 = 0
  /// What an id means; nil where it means nothing here. Ids that are not in it are the loaded configuration's own.
  private var meanings: [TagID: TagID?] = [:]
  private var isOwn = true

  private struct Enough: Error {}
  private static let inputsAtOnce: Int64 = 65_536

  /// All that was journalled from an input on; nil is the oldest there is.
  convenience init(_ reader: LedgerReader, _ configuration: Configuration, from number: Int64?) throws {
    try self.init(reader, configuration, from: number, samples: nil)
  }

  /// Nothing but samples of these times, as a file of history has them: time passes by the data alone.
  convenience init(_ reader: LedgerReader, _ configuration: Configuration, samplesWithin times: Range<Instant>) throws {
    try self.init(reader, configuration, from: nil, samples: times)
  }

  /// The same from an input on.
  convenience init(
    _ reader: LedgerReader, _ configuration: Configuration, from number: Int64, samplesWithin times: Range<Instant>
  ) throws {
    try self.init(reader, configuration, from: number, samples: times)
  }

  private init(
    _ reader: LedgerReader, _ configuration: Configuration, from number: Int64?, samples: Range<Instant>?
  ) throws {
    self.reader = reader
    self.configuration = configuration
    self.samples = samples
    var assets: [String: AssetID] = [:]
    for (index, asset) in configuration.model.assets.enumerated() { assets[asset.path] = AssetID(index) }
    self.assets = assets
    next = try number ?? reader.firstInput()
    let deciding = try reader.configurations().last { $0.number <= next }
    begin(deciding?.hash ?? configuration.hash)
    for binding in try reader.bindings(at: next) { bind(binding.tag, asset: binding.asset, tag: binding.name) }
  }

  func read(into inputs: inout [Input]) throws -> Bool {
    var taken: Int64 = 0
    do {
      try reader.replay(from: next) { number, input in
        if taken == Self.inputsAtOnce { throw Enough() }
        taken += 1
        read += 1
        next = number + 1
        if let input = translated(input) { inputs.append(input) }
      }
      return false
    } catch is Enough {
      return true
    }
  }

  private func translated(_ input: Input) -> Input? {
    switch input {
    case .config(let hash):
      begin(hash)
      return nil
    case .bind(let tag, let asset, let name, _):
      bind(tag, asset: asset, tag: name)
      return nil
    case .change(var change):
      if let samples, !samples.contains(change.time) { return nil }
      guard let tag = meanings[change.tag] ?? (isOwn ? change.tag : nil) else {
        left += 1
        return nil
      }
      change.tag = tag
      return .change(change)
    // Of another configuration's sources and rules, which need not be these.
    case .tick, .partialTick, .source, .fault, .death, .meaning, .skipped: return samples != nil || !isOwn ? nil : input
    case .command: return samples != nil ? nil : input
    }
  }

  private func begin(_ hash: Rules.Digest) {
    isOwn = hash == configuration.hash
    if !isOwn { sawOther = true }
    meanings = [:]
  }

  private func bind(_ tag: TagID, asset path: String, tag name: String) {
    guard !isOwn else { return }
    meanings[tag] = .some(assets[path].flatMap { configuration.model.tag(name, of: $0) })
  }
}
