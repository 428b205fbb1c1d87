import Campaigns
import Foundation
import Ingest
import Rules
import Testing

/// Our reader beside Foundation's: its JSONDecoder, because JSONSerialization on Linux takes `[1,]` and keeps numbers
/// of many digits as decimals that are an ulp off as doubles.
struct JSONOracleTests {
  /// Where the two may differ, and why that is right.
  enum Difference: String, CaseIterable {
    /// Ours refuses a key twice; Foundation keeps one of the values.
    case duplicateKey
    /// Ours ends at 64 levels, Foundation at 512.
    case tooDeep
    /// Ours refuses numbers of more than 1,024 characters.
    case longNumber
    /// A number beyond Double's range: infinite in ours (a bad sample later), refused or wrong in Foundation's.
    case overflow
    /// Zero with an exponent, and numbers below Double's range: ours gives the nearest Double, Foundation refuses
    /// `0e9` and `1e-400`.
    case zeroOrTiny
    /// Foundation takes a comma after the last element or member.
    case trailingComma
    /// Foundation guesses UTF-16 and UTF-32 from zero bytes; ours is UTF-8 only, as the standard has it.
    case otherEncoding
    /// Foundation passes over NUL bytes at the end.
    case nulAtEnd
  }

  @Test func equals_Foundations_reader_on_generated_and_broken_documents() {
    var generator = JSONGenerator(seed: Campaign.seed)
    let count = Campaign.size(100_000, large: 1_000_000)
    var both = 0
    var neither = 0
    var differences: [Difference: Int] = [:]
    for number in 0..<count {
      let document = number.isMultiple(of: 2) ? generator.document() : generator.broken()
      let ours = Result { () throws(JSONFault) in try JSONReader.parse(document) }
      let theirs = try? JSONDecoder().decode(Theirs.self, from: Data(document)).tree
      switch (ours, theirs) {
      case (.success(let ours), let theirs?):
        if holdsInfinity(ours) {
          differences[.overflow, default: 0] += 1
        } else if same(ours, theirs) {
          both += 1
        } else {
          Issue.record("other value for \(String(decoding: document, as: UTF8.self)); seed \(Campaign.seed)")
          return
        }
      case (.failure, nil): neither += 1
      default:
        guard let difference = excuse(ours, document) else {
          Issue.record(
            "only one refuses \(String(decoding: document, as: UTF8.self)) \(document) (ours: \(ours)); seed \(Campaign.seed)"
          )
          return
        }
        differences[difference, default: 0] += 1
      }
    }
    print("JSON: \(count) documents, \(both) same, \(neither) refused by both, differences \(differences)")
    #expect(both > count / 3 && neither > count / 10, "the campaign must see both kinds")
  }

  private func excuse(_ ours: Result<Tree, JSONFault>, _ document: [UInt8]) -> Difference? {
    switch ours {
    case .failure(let fault):
      switch fault.cause {
      case .duplicateKey: .duplicateKey
      case .tooDeep: .tooDeep
      case .longNumber: .longNumber
      case .noValue where closes(document, at: fault.offset), .noKey where closes(document, at: fault.offset):
        .trailingComma
      default: document.contains(0) ? (document.last == 0 ? .nulAtEnd : .otherEncoding) : nil
      }
    case .success(let tree):
      if holdsInfinity(tree) {
        .overflow
      } else {
        holds(tree) { $0.isZero || $0.isSubnormal }
          && String(decoding: document, as: UTF8.self).contains(/[0-9][eE]/) ? .zeroOrTiny : nil
      }
    }
  }

  /// A closing bracket behind a comma.
  private func closes(_ document: [UInt8], at place: Int) -> Bool {
    place < document.count && (document[place] == UInt8(ascii: "]") || document[place] == UInt8(ascii: "}"))
      && document[..<place].last { $0 > 0x20 } == UInt8(ascii: ",")
  }

  private func holdsInfinity(_ tree: Tree) -> Bool { holds(tree, \.isInfinite) }

  private func holds(_ tree: Tree, _ property: (Double) -> Bool) -> Bool {
    switch tree {
    case .number(let number): property(number)
    case .list(let list): list.contains { holds($0, property) }
    case .record(let fields): fields.contains { holds($0.value, property) }
    default: false
    }
  }

  /// Bit for bit, and text scalar for scalar. Foundation's records have no order.
  private func same(_ ours: Tree, _ theirs: Tree) -> Bool {
    switch (ours, theirs) {
    case (.null, .null): true
    case (.boolean(let a), .boolean(let b)): a == b
    case (.number(let a), .number(let b)): a.bitPattern == b.bitPattern
    case (.text(let a), .text(let b)): a.unicodeScalars.elementsEqual(b.unicodeScalars)
    case (.list(let a), .list(let b)): a.count == b.count && zip(a, b).allSatisfy { same($0, $1) }
    case (.record(let a), .record(let b)):
      a.count == b.count
        && a.allSatisfy { field in
          b.first { $0.name.unicodeScalars.elementsEqual(field.name.unicodeScalars) }
            .map { same(field.value, $0.value) } ?? false
        }
    default: false
    }
  }

  @Test func a_number_is_rounded_as_Foundation_rounds_it() throws {
    var generator = JSONGenerator(seed: Campaign.seed)
    for _ in 0..<Campaign.size(20_000, large: 500_000) {
      let text = generator.number()
      guard case .number(let ours) = try JSONReader.parse(Array(text.utf8)), let right = Double(text) else {
        Issue.record("\(text) is no number; seed \(Campaign.seed)")
        return
      }
      #expect(ours.bitPattern == right.bitPattern, "\(text); seed \(Campaign.seed)")
    }
  }
}

/// A document as Foundation's decoder sees it.
private struct Theirs: Decodable {
  var tree: Tree

  struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    if let record = try? decoder.container(keyedBy: Key.self) {
      tree = .record(try record.allKeys.map { .init($0.stringValue, try record.decode(Theirs.self, forKey: $0).tree) })
    } else if var list = try? decoder.unkeyedContainer() {
      var items: [Tree] = []
      while !list.isAtEnd { items.append(try list.decode(Theirs.self).tree) }
      tree = .list(items)
    } else {
      let one = try decoder.singleValueContainer()
      if one.decodeNil() {
        tree = .null
      } else if let flag = try? one.decode(Bool.self) {
        tree = .boolean(flag)
      } else if let text = try? one.decode(String.self) {
        tree = .text(text)
      } else {
        tree = .number(try one.decode(Double.self))
      }
    }
  }
}
