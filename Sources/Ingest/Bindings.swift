import Rules

/// The bindings of one source, found by the bytes of their names.
struct Assets: Sendable {
  private var assets = ByteTable()
  private var tags: [ByteTable] = []
  /// What of a binding each value needs.
  struct Bound: Sendable {
    var tag: TagID
    var scale: Double
    var offset: Double
  }
  private(set) var bindings: [Bound]

  init(_ bindings: [Binding]) {
    self.bindings = bindings.map { Bound(tag: $0.tag, scale: $0.scale, offset: $0.offset) }
    for (place, binding) in bindings.enumerated() {
      let asset = Array(binding.asset.utf8)
      let number = assets[asset] ?? tags.count
      if number == tags.count {
        assets.set(asset, number)
        tags.append(ByteTable())
      }
      tags[number].set(Array(binding.name.utf8), place)
    }
  }

  func number(of asset: String) -> Int? { assets[asset] }
  /// Place of the binding in `bindings`.
  func tag(_ asset: Int, _ name: String) -> Int? { tags[asset][name] }
  @inline(__always) func tag(_ asset: Int, _ name: UnsafeBufferPointer<UInt8>) -> Int? { tags[asset][name] }
}

/// What a topic stands for, as far as it can be told without the message.
final class TopicMeaning: Sendable {
  /// The mapping that decides; nil when the topic has no mapping's form.
  let shape: Shape?
  /// Number of the asset; nil when no binding names it.
  let asset: Int?
  let assetName: String
  let tagName: String
  /// Place of the binding, in shapes that hold one value.
  let tag: Int?

  init(shape: Shape? = nil, asset: Int? = nil, assetName: String = "", tagName: String = "", tag: Int? = nil) {
    self.shape = shape
    self.asset = asset
    self.assetName = assetName
    self.tagName = tagName
    self.tag = tag
  }
}

/// The topics seen so far. A plant has thousands and they come again; a source that invents topics without end
/// only makes it start anew.
struct TopicCache: Sendable {
  static let most = 65_536
  private var table = ByteTable()
  private var meanings: [TopicMeaning] = []

  func meaning(of topic: UnsafeBufferPointer<UInt8>) -> TopicMeaning? {
    table[topic].map { meanings[$0] }
  }

  mutating func keep(_ meaning: TopicMeaning, for topic: UnsafeBufferPointer<UInt8>) {
    if meanings.count == Self.most { self = TopicCache() }
    table.set(Array(topic), meanings.count)
    meanings.append(meaning)
  }
}
