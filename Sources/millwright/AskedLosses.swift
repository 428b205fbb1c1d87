import Delivery
import Foundation
import Ledger
import Rules
import Scripting
import Site

/// Losses from the system behind an adapter, with its names for assets turned into the site's.
final class AskedLosses {
  private let adapter: String
  private let history: LossHistory
  private let zone: Zone
  /// Paths of assets by what the system calls them.
  private let assets: [String: [String]]
  /// What was not taken, and why.
  private(set) var left: [String] = []

  /// Throws `Failure` when the site has no such adapter, or the adapter cannot tell or lacks a secret.
  init(_ adapter: String, site folder: String, integrations: String?) throws {
    self.adapter = adapter
    var folders = SiteFolders(site: folder)
    folders.integrations = integrations
    let site = try Installation.readSite(folders, makeSecrets: false)
    guard let settings = site.adapters.first(where: { $0.name == adapter }) else {
      let names = site.adapters.map(\.name)
      let near = suggestion(for: adapter, among: names)
      throw Failure.findings([
        "the site has no adapter '\(adapter)'"
          + (near.isEmpty ? "; its adapters: \(names.isEmpty ? "none" : names.joined(separator: ", "))" : near)
      ])
    }
    let file = "integrations/\(settings.integration)/adapter.lua"
    let text = try Installation.text(
      at: (integrations ?? site.integrationsFolder) + "/\(settings.integration)/adapter.lua")
    do {
      history = try LossHistory(settings, AdapterScript(text: text, file: file), clock: systemClock)
    } catch let error as Finding {
      throw Failure.findings([error.description])
    } catch {
      throw Failure.findings(["adapter '\(adapter)': \(error)"])
    }
    zone = site.zone
    assets = Dictionary(
      grouping: site.model.assets.compactMap { asset in asset.ids[adapter].map { (id: $0, path: asset.path) } },
      by: \.id
    ).mapValues { $0.map(\.path) }
  }

  /// An order that Millwright made is what a decision cost, and no loss: those that the ledger knows are left out.
  func read(since: String?, ledger: String) throws -> [Loss] {
    let since = try moment(since, "since", in: zone) ?? Instant(seconds: 0)
    let reported: [ReportedLoss]
    let ours: Set<String>
    do {
      reported = try history.read(since: since)
      ours = try LedgerReader(path: ledger).orderReferences(of: adapter)
    } catch {
      throw Failure.cannot("\(error)")
    }
    var losses: [Loss] = []
    var strangers = 0
    var made = 0
    var shared: [String: Int] = [:]
    for loss in reported {
      let paths = assets[loss.asset] ?? []
      if ours.contains(loss.reference) {
        made += 1
      } else if paths.count > 1 {
        shared[loss.asset, default: 0] += 1
      } else if let path = paths.first {
        losses.append(
          Loss(
            asset: path, start: loss.started, end: loss.done, cause: loss.cause, cost: loss.cost,
            planned: loss.planned, reference: loss.reference))
      } else {
        strangers += 1
      }
    }
    if made > 0 { left.append("\(made) left out: the orders of decisions here, whose cost is booked with those") }
    if strangers > 0 { left.append("\(strangers) left out: no asset has their record as its id for \(adapter)") }
    for (id, count) in shared.sorted(by: { $0.key < $1.key }) {
      let paths = (assets[id] ?? []).joined(separator: ", ")
      left.append("\(count) left out: which asset they are of cannot be told, \(paths) all have the id \(id)")
    }
    return losses
  }
}
