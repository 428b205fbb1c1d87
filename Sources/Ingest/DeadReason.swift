/// Why no value could be read: few words, so that they can be counted.
package enum DeadReason: String, Sendable, CaseIterable {
  case notJSON = "not JSON"
  case notUTF8 = "not UTF-8"
  /// The path of the value, the keys or the array leads nowhere, or to something of another kind.
  case noValue = "no value"
  /// An object or a list where one value belongs.
  case notAValue = "not a value"
  case noName = "no name"
  /// A text of more bytes than a tag may hold: its sample is bad.
  case textTooLong = "text too long"
  /// The mapping names a time, and there is none that can be read.
  case noTime = "no time"
  /// Before 1990 or after 2200: a clock that was never set, or a wrong unit.
  case timeNotCredible = "time not credible"
  case twice = "the same tag twice"
  /// No mapping has this form.
  case unknownTopic = "unknown topic"
  /// No binding of this source names this asset.
  case unknownAsset = "unknown asset"
  /// The asset is known; it has no binding of this name.
  case unknownTag = "unknown tag"
  /// It could be read, perhaps; the engine's process ended in it more than once.
  case endedTwice = "the engine ended twice in it"
}
