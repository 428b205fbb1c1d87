import Rules

extension JSONReader {
  /// The whole document as a tree. Whole numbers past 2^53 become the nearest Double.
  package static func parse(_ bytes: [UInt8]) throws(JSONFault) -> Tree {
    let result: Result<Tree, JSONFault> = bytes.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(bytes)
      do throws(JSONFault) {
        let tree = try reader.tree(depth: 0)
        try reader.end()
        return .success(tree)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private mutating func tree(depth: Int) throws(JSONFault) -> Tree {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"):
      var fields: [Tree.Field] = []
      var names = Set<[UInt8]>()
      try members(depth: depth) { reader, key throws(JSONFault) in
        // Bytes, not strings: to Swift two spellings of é are equal, to JSON they are two keys.
        let name = reader.text(key)
        guard names.insert(Array(name.utf8)).inserted else { throw JSONFault(.duplicateKey, at: key.start) }
        fields.append(Tree.Field(name, try reader.tree(depth: depth + 1)))
      }
      return .record(fields)
    case UInt8(ascii: "["):
      var list: [Tree] = []
      try elements(depth: depth) { reader throws(JSONFault) in list.append(try reader.tree(depth: depth + 1)) }
      return .list(list)
    case UInt8(ascii: "\""):
      let string = try string()
      return .text(text(string))
    case UInt8(ascii: "t"):
      try word("true")
      return .boolean(true)
    case UInt8(ascii: "f"):
      try word("false")
      return .boolean(false)
    case UInt8(ascii: "n"):
      try word("null")
      return .null
    default:
      let number = try number()
      return .number(double(number))
    }
  }
}
