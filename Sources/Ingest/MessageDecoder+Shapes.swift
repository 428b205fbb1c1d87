import Rules

/// Reading the four shapes a message can have.
extension MessageDecoder {
  mutating func read(_ message: inout Message, _ shape: Shape, into intake: inout Intake) throws(JSONFault) {
    if case .scalar = shape.mapping.shape { return readScalar(message, shape, &intake) }
    // Some senders count the NUL at the end of their string.
    var end = message.payload.count
    while end > 0, message.payload[end - 1] == 0 { end -= 1 }
    var reader = JSONReader(UnsafeBufferPointer(rebasing: message.payload[..<end]))
    reader.takesNonFinite = true
    let places = try reader.places(of: shape.root)
    try reader.end()
    switch shape.mapping.shape {
    case .scalar: break
    case .value(let path):
      guard places[0] >= 0 else { return message.fail(.noValue, "nothing at \(at(path))", sourceName, &intake) }
      guard let stamp = stamp(message, shape, reader, time: places[1], quality: places[2], &intake) else { return }
      take(reader.at(places[0]), binding: message.meaning.tag, stamp, message, shape, &intake) {
        message.meaning.tagName.isEmpty ? path.joined(separator: ".") : message.meaning.tagName
      }
    case .keys(let path, let separator):
      guard places[0] >= 0, reader.at(places[0]).next == UInt8(ascii: "{") else {
        return message.fail(.noValue, "no object at \(at(path))", sourceName, &intake)
      }
      guard let stamp = stamp(message, shape, reader, time: places[1], quality: places[2], &intake) else { return }
      try readKeys(message, shape, reader.at(places[0]), Array(separator.utf8), stamp, &intake)
    case .array(let path, let name, let value):
      guard places[0] >= 0, reader.at(places[0]).next == UInt8(ascii: "[") else {
        return message.fail(.noValue, "no list at \(at(path))", sourceName, &intake)
      }
      try readArray(message, shape, reader, places, name: name, value: value, &intake)
    }
  }

  private func readScalar(_ message: Message, _ shape: Shape, _ intake: inout Intake) {
    guard let binding = message.meaning.tag else {
      return message.fail(.unknownTag, unknownTag(message.meaning.tagName, message), sourceName, &intake)
    }
    var reader = JSONReader(message.payload)
    reader.takesNonFinite = true
    guard let scalar = reader.bareScalar() else {
      return message.fail(.notUTF8, "the payload is not UTF-8", sourceName, &intake)
    }
    let stamp = Stamp(time: message.arrived, quality: .good, hasTime: false)
    append(scalar, binding, stamp, message, shape, &intake)
  }

  private mutating func readKeys(
    _ message: Message, _ shape: Shape, _ object: JSONReader, _ separator: [UInt8], _ stamp: Stamp,
    _ intake: inout Intake
  ) throws(JSONFault) {
    name.removeAll(keepingCapacity: true)
    if !message.meaning.tagName.isEmpty { name.append(contentsOf: Array(message.meaning.tagName.utf8) + separator) }
    var keys = Keys(prefix: name.count)
    var object = object
    try readKeys(message, shape, &object, separator, stamp, depth: 0, &keys, &intake)
    guard let first = keys.firstUnknown else { return }
    let more = keys.unknown > 1 ? " and \(keys.unknown - 1) more" : ""
    message.fail(.unknownTag, unknownTag(first, message) + more, sourceName, &intake)
  }

  /// What is gathered over the keys of one message.
  private struct Keys {
    /// Length of the topic's part of every name; `ignore` speaks of what follows it.
    var prefix: Int
    var seen: [Int] = []
    var firstUnknown: String?
    var unknown = 0
  }

  private mutating func readKeys(
    _ message: Message, _ shape: Shape, _ object: inout JSONReader, _ separator: [UInt8], _ stamp: Stamp, depth: Int,
    _ keys: inout Keys, _ intake: inout Intake
  ) throws(JSONFault) {
    let outer = name.count
    var object = object
    try object.members(depth: depth) { reader, key throws(JSONFault) in
      name.removeLast(name.count - outer)
      if depth > 0 { name.append(contentsOf: separator) }
      if key.escaped {
        name.append(contentsOf: reader.unescaped(key))
      } else {
        name.append(contentsOf: reader.bytes[key.start..<key.end])
      }
      let place = reader.position
      var inner = reader.at(place)
      try reader.skipValue(depth: depth + 1)
      let prefix = keys.prefix
      if name.withUnsafeBufferPointer({ shape.ignored[UnsafeBufferPointer(rebasing: $0[prefix...])] }) != nil { return }
      if inner.next == UInt8(ascii: "{") {
        return try readKeys(message, shape, &inner, separator, stamp, depth: depth + 1, &keys, &intake)
      }
      guard let asset = message.meaning.asset, let binding = name.withUnsafeBufferPointer({ assets.tag(asset, $0) })
      else {
        keys.unknown += 1
        if keys.firstUnknown == nil { keys.firstUnknown = String(decoding: name, as: UTF8.self) }
        return
      }
      guard !keys.seen.contains(binding) else {
        return message.fail(.twice, "\(quoted(text(name))) a second time at byte \(key.start)", sourceName, &intake)
      }
      keys.seen.append(binding)
      take(inner, binding: binding, stamp, message, shape, &intake) { text(name) }
    }
  }

  private func readArray(
    _ message: Message, _ shape: Shape, _ root: JSONReader, _ places: JSONPlaces, name: [String], value: [String],
    _ intake: inout Intake
  ) throws(JSONFault) {
    var list = root.at(places[0])
    var number = 0
    try list.elements(depth: 0) { reader throws(JSONFault) in
      number += 1
      let found = try reader.places(of: shape.element)
      func fail(_ reason: DeadReason, _ detail: String) {
        message.fail(reason, "element \(number): \(detail)", sourceName, &intake)
      }
      var tagName = message.meaning.tagName
      var binding: Int?
      if name.isEmpty {
        binding = message.meaning.asset.flatMap { assets.tag($0, tagName) }
      } else {
        var named = reader.at(max(0, found[0]))
        guard found[0] >= 0, named.next == UInt8(ascii: "\""), let string = try? named.string() else {
          return fail(.noName, "no text at \(at(name))")
        }
        if string.escaped {
          binding = named.unescaped(string).withUnsafeBufferPointer { find(message, $0) }
        } else {
          binding = find(message, UnsafeBufferPointer(rebasing: named.bytes[string.start..<string.end]))
        }
        if binding == nil { tagName = named.text(string) }
      }
      guard let binding else { return fail(.unknownTag, unknownTag(tagName, message)) }
      guard found[1] >= 0 else { return fail(.noValue, "nothing at \(at(value))") }
      guard
        let stamp = stamp(
          message, shape, reader, time: found[2] >= 0 ? found[2] : places[1],
          quality: found[3] >= 0 ? found[3] : places[2], &intake)
      else { return }
      take(reader.at(found[1]), binding: binding, stamp, message, shape, &intake) { "element \(number)" }
    }
  }

  private func find(_ message: Message, _ name: UnsafeBufferPointer<UInt8>) -> Int? {
    message.meaning.asset.flatMap { assets.tag($0, name) }
  }

  func unknownTag(_ name: String, _ message: Message) -> String {
    "asset \(quoted(message.meaning.assetName)) has no binding for \(quoted(name))"
  }

  private func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
}

/// A path as a person writes it: `values.speed`.
func at(_ path: [String]) -> String { path.isEmpty ? "the root" : quoted(path.joined(separator: ".")) }
