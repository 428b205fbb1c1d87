/// A tag's value as a source decoded it, or as a rule sees it.
package enum Value: Hashable, Sendable {
  case boolean(Bool)
  case number(Double)
  case text(String)
  /// Sent, but empty: JSON `null`, an MQTT message that says "no value".
  case null

  /// A tag holds texts of at most so many bytes of UTF-8; the sample of a longer one is bad. So no device can fill the
  /// memory of the engine or of a rule.
  package static let longestText = 4_096
}

/// OPC UA's StatusCode classes and Sparkplug's quality codes, reduced to what a rule can act on.
package enum Quality: UInt8, Hashable, Sendable, CaseIterable {
  case good, uncertain, bad, stale
}

/// One new value of one tag, with quality and source time.
package struct TagChange: Hashable, Sendable {
  package var tag: TagID
  package var value: Value
  package var quality: Quality
  /// When the value was true, by the clock of the source.
  package var time: Instant
  /// When it reached us, by our wall clock; equal to `time` where a file is replayed.
  package var arrived: Instant
  /// Held by the broker from before the subscription, and without a time of its own: `time` is its arrival
  /// and says nothing about its age, so it is not good until a live one follows (S3).
  package var retainedWithoutTime: Bool

  package init(
    _ tag: TagID, _ value: Value, quality: Quality = .good, time: Instant, arrived: Instant? = nil,
    retainedWithoutTime: Bool = false
  ) {
    self.tag = tag
    self.value = value
    self.quality = quality
    self.time = time
    self.arrived = arrived ?? time
    self.retainedWithoutTime = retainedWithoutTime
  }
}

/// A number that stands for one named thing of the configuration: its place in the configuration's own list.
package struct TagID: Hashable, Comparable, Sendable {
  package var index: Int32
  package init(_ index: Int) { self.index = Int32(index) }
  package static func < (a: TagID, b: TagID) -> Bool { a.index < b.index }
}
package struct AssetID: Hashable, Comparable, Sendable {
  package var index: Int32
  package init(_ index: Int) { self.index = Int32(index) }
  package static func < (a: AssetID, b: AssetID) -> Bool { a.index < b.index }
}
package struct SourceID: Hashable, Comparable, Sendable {
  package var index: Int32
  package init(_ index: Int) { self.index = Int32(index) }
  package static func < (a: SourceID, b: SourceID) -> Bool { a.index < b.index }
}
