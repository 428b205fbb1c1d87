import Campaigns
import Foundation
import Ledger
import Rules
import Testing

/// The example site with as many pumps as are wanted and its work orders going to a real Tryton, which knows all of
/// them as one product. The adapter is the one that is shipped, but for its patience.
struct TrytonPlace: Sendable {
  let workplace: Workplace
  let tryton: Tryton
  private let integrations: String
  /// Where the engine finds the application key.
  private let keyFile: String

  private init(pumps: Int, followEvery: String) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/millwright-tryton-\(UUID().uuidString)"
    let tryton = try await onAThread { try Tryton(folder: folder + "/tryton") }
    let seed = tryton.seed
    try FileManager.default.createDirectory(atPath: folder + "/integrations", withIntermediateDirectories: true)
    for name in ["webhook", "tryton"] {
      try FileManager.default.copyItem(
        atPath: Workplace.root + "/integrations/" + name, toPath: folder + "/integrations/" + name)
    }
    let adapter = folder + "/integrations/tryton/adapter.lua"
    try String(contentsOfFile: adapter, encoding: .utf8)
      .replacingOccurrences(of: #"follow_every  = "5 min""#, with: #"follow_every  = "\#(followEvery)""#)
      .replacingOccurrences(of: #"visible_after = "10 s""#, with: #"visible_after = "2 s""#)
      .write(toFile: adapter, atomically: true, encoding: .utf8)
    let workplace = try await Workplace(integrations: folder + "/integrations") { site, assets in
      site = site.replacingOccurrences(
        of: "\nadapters:\n",
        with: """

          adapters:
            erp:
              integration: tryton
              url: \(tryton.url)
              plain_on_loopback: true
              timeout: 10 s
              retries: [\(Array(repeating: "2 s", count: 30).joined(separator: ", "))]
              settings:
                company: \(seed.company)
                operation: \(seed.operation)
                work_center: \(seed.crew)
                repair: \(seed.operation)
              secrets:
                api_key: {file: state/secrets/erp_api_key}

          """
      ).replacingOccurrences(of: "work_order: desk", with: "work_order: erp")
      let tree = (1...pumps).map { "      P-\($0): {class: CentrifugalPump, ids: {erp: \(seed.product)}}\n" }
      assets =
        assets.prefix(upTo: assets.range(of: "\nassets:\n")?.upperBound ?? assets.endIndex)
        + "  Riverside:\n    Utilities:\n" + tree.joined()
    }
    // Trouble that comes again a moment later is a decision of its own here; by itself a rule waits a day.
    try Workplace.rule.replacingOccurrences(
      of: #"held_for = "2 s","#, with: #"held_for = "2 s", at_most = once_per "1 s","#
    ).write(toFile: workplace.folder + "/rules/suction_low.lua", atomically: true, encoding: .utf8)
    self.tryton = tryton
    self.workplace = workplace
    integrations = folder
    keyFile = workplace.folder + "/site/state/secrets/erp_api_key"
    try set(key: seed.key)
  }

  /// Makes one, does something there on a thread of its own, and takes it down whatever happened.
  static func with(
    pumps: Int = 3, followEvery: String = "1 s", _ work: @escaping @Sendable (TrytonPlace) throws -> Void
  ) async throws {
    let place = try await TrytonPlace(pumps: pumps, followEvery: followEvery)
    do {
      try await onAThread { try work(place) }
    } catch {
      await place.close()
      throw error
    }
    await place.close()
  }

  func set(key: String) throws {
    try key.write(toFile: keyFile, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: keyFile)
  }

  private func close() async {
    await workplace.close()
    tryton.kill()
    try? FileManager.default.removeItem(atPath: integrations)
  }

  // MARK: What is there

  /// The references of Tryton's productions by their numbers.
  func productions() throws -> [(number: Int, reference: String)] {
    try tryton.records("production", "reference").map { record in
      guard case .number(let number)? = record["id"], case .text(let reference)? = record["reference"] else {
        throw DidNotHappen(what: "a production has a reference: \(record)")
      }
      return (Int(number), reference)
    }
  }

  /// The decisions and all that came of them, oldest first.
  func stories() throws -> [DecisionStory] {
    let reader = try LedgerReader(path: workplace.ledger)
    return try reader.decisions(limit: 10_000, rule: nil, asset: nil, since: nil).reversed().compactMap {
      try reader.decision(matching: "\($0.id)")
    }
  }

  func actions(_ state: ActionState) throws -> [ActionRow] {
    try LedgerReader(path: workplace.ledger).actions(state: state, limit: 10_000)
  }
}
