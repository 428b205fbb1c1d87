import CPowerLoss
import Campaigns
import Demo
import Engine
import Faults
import Foundation
import Ledger
import Rules
import Testing
import millwright

/// The engine on a disk that fails, under load; and what must hold however often it died.
extension Workplace {
  /// Does something that waits for other processes, and closes the place whatever comes of it.
  func use(_ work: @escaping @Sendable () throws -> Void) async throws {
    let result = await Task { try await onAThread(work) }.result
    await close()
    try result.get()
  }

  /// From now on the broker keeps what nobody takes, and the plant publishes.
  func beginLoad(seed: UInt64) throws -> PlantLoad {
    try start()
    kill()
    return try PlantLoad(to: broker.port, folder: folder, seed: seed)
  }

  func faultyEngine(prepare: (inout power_loss_control) -> Void = { _ in }) throws -> FaultyProcess {
    try FaultyProcess(
      Self.command, ["run"] + arguments, files: ledger, folder: folder, keepsRecord: false, prepare: prepare)
  }

  /// What the newest such engine wrote into its log.
  var said: String { (try? String(contentsOfFile: folder + "/output.log", encoding: .utf8)) ?? "" }

  static func values(in ledger: LedgerReader) throws -> [Double] {
    var values: [Double] = []
    try ledger.replay(from: 1) { _, input in
      if case .change(let change) = input, case .number(let value) = change.value { values.append(value) }
    }
    return values
  }

  func waitUntilSettled(_ load: PlantLoad, _ engine: FaultyProcess) throws {
    try eventually("everything is in the journal and every order is settled", seconds: 120) {
      guard engine.child.isRunning else {
        throw DidNotHappen(what: "the engine runs; it said: \(said.suffix(2_000))")
      }
      return try isSettled(load.acknowledged)
    }
  }

  private func isSettled(_ acknowledged: [Double]) throws -> Bool {
    guard let reader = try? LedgerReader(path: ledger) else { return false }
    let counts = try reader.counts()
    guard counts.decisions > 0, counts.actions.keys.allSatisfy({ $0 == .settled }) else { return false }
    guard counts.inputs >= acknowledged.count else { return false }
    return Set(try Self.values(in: reader)).isSuperset(of: acknowledged)
  }

  /// Of what the broker took everything was journalled and decided once, and each order was made once. The engine
  /// has ended.
  func expectNothingLost(
    _ acknowledged: [Double], _ deliveries: [OrderServer.Delivery], decisions least: Int
  ) throws {
    let reader = try LedgerReader(path: ledger)
    let verification = try reader.verify()
    #expect(verification.problem == nil)

    // Every acknowledged input is in the journal, once.
    let journalled = try Self.values(in: reader)
    let missing = Set(acknowledged).subtracting(journalled)
    #expect(missing.isEmpty, "\(missing.count) of \(acknowledged.count) acknowledged values are not in the journal")
    let doubled = journalled.count - Set(journalled).count
    print("journal: \(journalled.count) changes, \(doubled) of them a second time")
    #expect(doubled == 0, "what the broker delivered again after a lost PUBACK is journalled again")

    // Every decision is there once, and is what the same inputs come to without any kill.
    var folders = SiteFolders(site: folder + "/site")
    folders.rules = folder + "/rules"
    folders.integrations = Self.root + "/integrations"
    let configuration = try Installation.read(folders, makeSecrets: false).configuration()
    var decider = Decider(configuration)
    var computed: [DecisionKey] = []
    try reader.replay(from: 1) { _, input in
      computed += decider.apply(input)?.verdict.decisions.map(\.key) ?? []
    }
    let stored = try reader.decisions(limit: .max).map(\.key)
    #expect(Set(stored).count == stored.count)
    #expect(Set(stored) == Set(computed))
    #expect(stored.count >= least, "the load must lead to decisions")
    #expect(try reader.reports(limit: .max).allSatisfy { ![.divergence, .clockStep].contains($0.kind) })

    // Every order is there once, and each attempt at it was the same to the byte.
    let writer = try Ledger(path: ledger)
    let orders = Dictionary(grouping: deliveries, by: \.key)
    let actions = try reader.actions(limit: .max)
    #expect(orders.count == actions.count)
    #expect(actions.count == stored.count)
    for (key, attempts) in orders {
      #expect(Set(attempts.map(\.body)).count == 1, "\(key) was sent with other bytes")
    }
    print("\(stored.count) decisions, \(orders.count) orders, \(deliveries.count) deliveries")

    // A start from the newest snapshot has the same state, to the bit, as the whole journal gives.
    let clock: WallClock = { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
    let engine = try Engine(
      catalogue: Fixed(configuration), journal: writer, sources: [], inbox: Inbox(),
      clock: clock, steady: clock, log: { _ in }, committed: { _ in })
    #expect(engine.encodedState == decider.encodedState())
  }
}

private final class Fixed: Catalogue {
  let only: Configuration
  init(_ only: Configuration) { self.only = only }
  func configuration(_ hash: Digest) throws -> Configuration {
    guard hash == only.hash else { throw Gone() }
    return only
  }
  func successor(to decider: Decider?) -> Configuration? {
    decider?.evaluator.configuration.hash == only.hash ? nil : only
  }
  private struct Gone: Error {}
}
