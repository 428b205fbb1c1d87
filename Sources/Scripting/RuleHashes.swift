import Crypto
import Rules

/// Fields that say something about a rule and nothing of what it does: changing them is no new logic (S9).
private let fieldsWithoutLogic: Set<String> = [
  "title", "owner", "formerly", "check_first", "review_by", "value", "examples",
]

extension RuleLayout {
  /// SHA-256 over the tokens of what decides: no comments, no layout, no fields that only people read, no separator
  /// before a closing brace.
  package var logicHash: Rules.Digest {
    var kept: [LuaToken] = []
    var at = 0
    for field in table?.fields ?? [] where fieldsWithoutLogic.contains(field.name) {
      kept += tokens[at..<field.tokens.lowerBound]
      at = field.tokens.upperBound
      if at < tokens.count, tokens[at].isSeparator { at += 1 }
    }
    kept += tokens[at...]
    var hash = SHA256()
    for (place, token) in kept.enumerated() {
      if token.isSeparator, place + 1 < kept.count, kept[place + 1].isSymbol("}") { continue }
      hash.add(token)
    }
    return Rules.Digest(hash.finalize())
  }
}

extension LuaToken {
  fileprivate var isSeparator: Bool { isSymbol(",") || isSymbol(";") }
}

/// SHA-256 over several texts, none of which runs into the next.
func textHash(_ texts: [String]) -> Rules.Digest {
  textHash(texts.map { "\($0.utf8.count)\n\($0)" }.joined())
}

/// SHA-256 over the bytes of a rule's text.
package func textHash(_ text: String) -> Rules.Digest { Rules.Digest(SHA256.hash(data: Array(text.utf8))) }

extension SHA256 {
  /// Kind, length, text: no two lists of tokens give the same bytes.
  fileprivate mutating func add(_ token: LuaToken) {
    let (kind, text): (UInt8, String) =
      switch token.kind {
      case .name(let text): (1, text)
      case .keyword(let text): (2, text)
      case .text(let text): (3, text)
      case .number(let text): (4, text)
      case .symbol(let text): (5, text)
      }
    let count = UInt64(text.utf8.count)
    update(data: [kind] + (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + Array(text.utf8))
  }
}

extension Rules.Digest {
  fileprivate init(_ digest: SHA256Digest) {
    let digits = Array("0123456789abcdef")
    self.init(hex: String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }))
  }
}
