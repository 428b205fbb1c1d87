import Rules

/// Time and quality of the values of a message, or of one element of it.
struct Stamp {
  var time: Instant
  var quality: Quality
  /// It is the source's own time.
  var hasTime: Bool
}

extension MessageDecoder {
  /// Reads time and quality; nil, and a dead letter, when the mapping names a time and none can be read.
  func stamp(
    _ message: Message, _ shape: Shape, _ reader: JSONReader, time: Int, quality: Int, _ intake: inout Intake
  ) -> Stamp? {
    let mapping = shape.mapping
    var stamp = Stamp(time: message.arrived, quality: shape.quality(reader, quality), hasTime: false)
    if mapping.time.isEmpty { return stamp }
    guard time >= 0 else {
      message.fail(.noTime, "nothing at \(at(mapping.time))", sourceName, &intake)
      return nil
    }
    guard let own = mapping.timeFormat.time(reader.at(time)) else {
      message.fail(.noTime, "no time can be read at byte \(time), \(at(mapping.time))", sourceName, &intake)
      return nil
    }
    guard Self.credible.contains(own) else {
      message.fail(
        .timeNotCredible,
        "\(at(mapping.time)) at byte \(time) lies outside 1990 to 2200: clock not set, or another unit?",
        sourceName, &intake)
      return nil
    }
    stamp.time = own
    stamp.hasTime = true
    return stamp
  }

  /// Reads the value the reader stands at and appends it as a change of the bound tag.
  func take(
    _ reader: JSONReader, binding: Int?, _ stamp: Stamp, _ message: Message, _ shape: Shape, _ intake: inout Intake,
    name: () -> String
  ) {
    guard let binding else {
      return message.fail(.unknownTag, unknownTag(name(), message), sourceName, &intake)
    }
    var reader = reader
    let place = reader.position
    // The walk over the document has checked it.
    guard let scalar = try? reader.scalar(), scalar != .nested else {
      return message.fail(
        .notAValue, "\(quoted(name())) at byte \(place) is an object or a list", sourceName, &intake)
    }
    append(scalar, binding, stamp, message, shape, &intake)
  }

  func append(
    _ scalar: Scalar, _ binding: Int, _ stamp: Stamp, _ message: Message, _ shape: Shape, _ intake: inout Intake
  ) {
    guard case .value(var value, let losesDigits) = scalar else {
      return message.fail(.notAValue, "an object or a list", sourceName, &intake)
    }
    if value == .null, shape.mapping.nullIsAbsent { return }
    let bound = assets.bindings[binding]
    if case .number(let number) = value, bound.scale != 1 || bound.offset != 0 {
      value = .number(number * bound.scale + bound.offset)
    }
    var quality = losesDigits && stamp.quality == .good ? .uncertain : stamp.quality
    if case .text(let text) = value, text.utf8.count > Value.longestText {
      message.fail(
        .textTooLong,
        "a text of \(text.utf8.count) bytes; a tag holds at most \(Value.longestText), and its sample is bad",
        sourceName, &intake)
      (value, quality) = (.null, .bad)
    }
    intake.inputs.append(
      .change(
        TagChange(
          bound.tag, value, quality: quality, time: stamp.time, arrived: message.arrived,
          retainedWithoutTime: message.retained && !stamp.hasTime)))
  }
}
