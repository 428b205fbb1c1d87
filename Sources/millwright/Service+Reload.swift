import Engine
import Foundation
import Rules
import Scripting
import Site

/// Files that change under the running engine.
extension Service {
  /// Reads the site's files again and has what is good in them taken over; `done` is called when that has happened or
  /// nothing was to be done. Returns at once when the engine's thread has it.
  func reload(_ folders: SiteFolders, done: @escaping @Sendable () -> Void = {}) {
    let running = offer.installation.site
    var refusals: [String] = []
    func tried(_ site: Site) -> Installation? {
      do {
        return try Installation.readGood(folders, makeSecrets: false, with: site)
      } catch Failure.findings(let lines) {
        refusals += lines
      } catch {
        refusals.append("\(error)")
      }
      return nil
    }
    var found: Installation?
    do {
      let site = try Installation.readSite(folders, makeSecrets: false)
      if let what = running.needsRestart(for: site) {
        refusals.append(
          "\(what) cannot change while the engine runs: restart it; until then the site is what it was")
      } else {
        found = tried(site)
      }
    } catch Failure.findings(let lines) {
      refusals += lines
    } catch {
      refusals.append("\(error)")
    }
    // A site that is not good, or is good only for a restart, is left whole as it was; the rules need not wait for it.
    if found == nil { found = tried(running) }
    if let found { offer.put(found, refusals: refusals) } else { offer.refuse(refusals) }
    inbox.reload { [offer, log] in
      for trouble in offer.newTroubles() { log(.warning, "not taken over", ["what": trouble]) }
      done()
    }
  }
}

extension Site {
  /// What of another site would need other connections, or other numbers for its tags; nil when it can be taken over by
  /// a running engine.
  fileprivate func needsRestart(for other: Site) -> String? {
    if name != other.name { return "the site's name" }
    if stateFolder != other.stateFolder { return "the state folder" }
    if rulesFolder != other.rulesFolder || integrationsFolder != other.integrationsFolder {
      return "where rules and integrations lie"
    }
    if !sources.elementsEqual(other.sources, by: ==) { return "what site.yaml says of sources" }
    if adapters.map(\.withoutSecrets) != other.adapters.map(\.withoutSecrets) {
      return "what site.yaml says of adapters"
    }
    if people != other.people { return "who the people are" }
    if retention != other.retention { return "how much of the journal is kept" }
    let places = { (site: Site) in site.model.assets.map { "\($0.path) \($0.classIndex) \($0.references)" } }
    if model.classes != other.model.classes || places(self) != places(other) || bindings != other.bindings {
      return "which assets, classes and tags there are"
    }
    return nil
  }
}

extension AdapterSettings {
  /// A secret may be renewed at any time: whoever sends reads it again when it is refused.
  fileprivate var withoutSecrets: AdapterSettings {
    var settings = self
    settings.secrets = [:]
    return settings
  }
}
