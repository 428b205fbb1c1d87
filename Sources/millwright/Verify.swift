import ArgumentParser
import Foundation
import Ledger
import Rules

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks that nothing in the ledger was altered, removed or put in another order.",
    discussion: "A ledger whose end was cut off is only seen by comparing the newest hash with one noted elsewhere.")
  @OptionGroup var place: LedgerPlace
  @OptionGroup var output: FormatOption

  func run() throws {
    let reader = try place.reader()
    let verification: Verification
    let newest: (entry: Int64, hash: String)?
    do {
      verification = try reader.verify()
      newest = try reader.newestHash()
    } catch {
      throw Failure.cannot("\(error)")
    }
    switch output.format {
    case .json:
      print(
        json(
          .fields([
            "entries": .number(Double(verification.entries)), "batches": .number(Double(verification.batches)),
            "problem": .optional(verification.problem?.description),
            "problems": .list(verification.problems.map { .text($0.description) }),
            "newest_hash": .optional(newest?.hash),
          ])))
    case .text:
      for problem in verification.problems { print("altered: \(problem)") }
      if !verification.problems.isEmpty {
        print("next: \(LedgerError.remedy)")
      } else {
        print(
          "\(verification.entries) entries, \(verification.batches) batches: sound; newest hash \(newest?.hash ?? "none")"
        )
      }
    }
    if verification.problem != nil { throw Failure.findings([]) }
  }
}
