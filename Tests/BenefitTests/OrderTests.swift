import Benefit
import Foundation
import Rules
import Testing

/// Several histories as one, and one that is out of order sorted.
@Suite struct OrderTests {
  /// A reader of samples whose value is the place in this list of seconds.
  private final class List: PastInputs {
    private var left: [Input]
    private let atOnce: Int
    init(_ seconds: [Int64], tag: Int = 0, atOnce: Int = 2) {
      left = seconds.enumerated().map { place, second in
        .change(TagChange(TagID(tag), .number(Double(place)), time: Instant(seconds: second)))
      }
      self.atOnce = atOnce
    }
    func read(into inputs: inout [Input]) throws -> Bool {
      inputs += left.prefix(atOnce)
      left.removeFirst(min(atOnce, left.count))
      return !left.isEmpty
    }
  }

  private func all(_ reader: any PastInputs) throws -> [TagChange] {
    var inputs: [Input] = []
    while try reader.read(into: &inputs) {}
    return inputs.compactMap { if case .change(let change) = $0 { change } else { nil } }
  }

  @Test func sorted_readers_merge_by_time_the_first_named_first() throws {
    let merged = try all(MergedInputs([List([1, 3, 5], tag: 0), List([1, 2, 6], tag: 1)]))
    #expect(merged.map { Int($0.time.microseconds / 1_000_000) } == [1, 1, 2, 3, 5, 6])
    #expect(merged.map(\.tag.index) == [0, 1, 1, 0, 0, 1])
  }

  @Test func a_late_sample_keeps_its_place_in_its_own_file() throws {
    // 4 comes behind 9, so it is not read before the other file has come to 9.
    let merged = try all(MergedInputs([List([1, 9, 4], tag: 0), List([5, 8, 10], tag: 1)]))
    #expect(merged.map { Int($0.time.microseconds / 1_000_000) } == [1, 5, 8, 9, 4, 10])
  }

  @Test(arguments: [2, 3, 1000])
  func sorting_is_stable_and_the_same_through_a_file(holding: Int) throws {
    let sorted = try all(SortedInputs(List([5, 1, 5, 3, 1, 5, 2]), holding: holding))
    #expect(sorted.map { Int($0.time.microseconds / 1_000_000) } == [1, 1, 2, 3, 5, 5, 5])
    #expect(sorted.map(\.value) == [1, 4, 6, 3, 0, 2, 5].map { .number($0) })
  }

  @Test func an_empty_history_is_none() throws {
    #expect(try all(MergedInputs([List([]), List([])])).isEmpty)
    #expect(try all(SortedInputs(List([]))).isEmpty)
  }
}
