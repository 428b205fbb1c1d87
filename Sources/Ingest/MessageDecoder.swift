import Rules

/// Turns the messages of one source into tag changes, by the site's mappings and bindings.
///
/// The first mapping whose form a topic has decides about it. What a source calls a tag is the `{tag}` of the
/// topic; in the `keys` shape a key, behind the topic's `{tag}` where it has one; in `array` the element's name
/// if the mapping says where to find it; in `value` without `{tag}` the path, joined with dots. A topic without
/// `{asset}` speaks of the asset bound as "".
///
/// A whole number that no Double holds (past 2^53) is rounded and therefore *uncertain* at best. A number in
/// quotes stays a text: the tag's type, which is the evaluator's knowledge, converts it. A message whose mapping
/// names a quality that it does not carry has the quality of the word "", and is bad where the site gives none.
package struct MessageDecoder: Sendable {
  let source: SourceID
  let sourceName: String
  let shapes: [Shape]
  let assets: Assets
  private var topics = TopicCache()
  /// The joined name of a nested key, built anew for each.
  var name: [UInt8] = []

  package init(source: SourceID, sourceName: String, mappings: [MessageMapping], bindings: [Binding]) {
    self.source = source
    self.sourceName = sourceName
    shapes = mappings.map(Shape.init)
    assets = Assets(bindings.filter { $0.source == source })
  }

  /// Times that can be times of plant data.
  static let credible = Instant(year: 1990, month: 1, day: 1)!...Instant(year: 2200, month: 1, day: 1)!

  /// Appends what the message says to `intake`: changes in the order of the message, dead letters for what
  /// cannot be read. Every value that can be read is kept; of a message that is not JSON there is none.
  package mutating func decode(
    topic: UnsafeBufferPointer<UInt8>, payload: UnsafeBufferPointer<UInt8>, retained: Bool, arrived: Instant,
    into intake: inout Intake
  ) {
    let meaning = meaning(of: topic)
    var message = Message(topic: topic, payload: payload, retained: retained, arrived: arrived, meaning: meaning)
    guard let shape = meaning.shape else {
      return message.fail(.unknownTopic, "no mapping has the form of this topic", sourceName, &intake)
    }
    // An empty message deletes a retained one; the broker passes that on to subscribers as if it were live.
    if payload.isEmpty, retained || shape.isJSON { return }
    guard meaning.asset != nil else {
      return message.fail(.unknownAsset, "no binding for asset \(quoted(meaning.assetName))", sourceName, &intake)
    }
    do throws(JSONFault) {
      try read(&message, shape, into: &intake)
    } catch {
      let reason: DeadReason =
        switch error.cause {
        case .utf8: .notUTF8
        case .duplicateKey: .twice
        default: .notJSON
        }
      message.fail(reason, error.description, sourceName, &intake)
    }
  }

  /// The same for a topic and a payload at hand.
  package mutating func decode(
    topic: String, payload: [UInt8], retained: Bool, arrived: Instant, into intake: inout Intake
  ) {
    Array(topic.utf8).withUnsafeBufferPointer { topic in
      payload.withUnsafeBufferPointer { payload in
        decode(topic: topic, payload: payload, retained: retained, arrived: arrived, into: &intake)
      }
    }
  }

  private mutating func meaning(of topic: UnsafeBufferPointer<UInt8>) -> TopicMeaning {
    if let known = topics.meaning(of: topic) { return known }
    let meaning = resolve(String(decoding: topic, as: UTF8.self))
    topics.keep(meaning, for: topic)
    return meaning
  }

  /// What a topic means; asked once for each topic.
  private func resolve(_ topic: String) -> TopicMeaning {
    let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
    // Matching costs the square of the levels; no plant nests its topics that deep.
    guard levels.count <= 128 else { return TopicMeaning() }
    for shape in shapes {
      guard let captures = shape.mapping.captures(levels) else { continue }
      let asset = assets.number(of: captures.asset)
      return TopicMeaning(
        shape: shape, asset: asset, assetName: captures.asset, tagName: captures.tag,
        tag: asset.flatMap { assets.tag($0, shape.singleName(captures.tag)) })
    }
    return TopicMeaning()
  }
}

/// One message on its way through the decoder.
struct Message {
  var topic: UnsafeBufferPointer<UInt8>
  var payload: UnsafeBufferPointer<UInt8>
  var retained: Bool
  var arrived: Instant
  var meaning: TopicMeaning

  /// The message goes to the dead letters, for this reason.
  func fail(_ reason: DeadReason, _ detail: String, _ source: String, _ intake: inout Intake) {
    intake.deadLetters.append(
      DeadLetter(
        source: source, topic: String(decoding: topic, as: UTF8.self), reason: reason.rawValue, detail: detail,
        payload: Array(payload.prefix(1024)), arrived: arrived))
  }
}

/// A name in backquotes; of a long one its beginning.
func quoted(_ name: some StringProtocol) -> String {
  "`" + printable(String(name.prefix(80))) + (name.count > 80 ? "…`" : "`")
}
