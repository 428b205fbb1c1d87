import Foundation

/// What a command beside the engine must know of a site: where its state is and who its people are. Read from
/// `site.yaml` alone, so that it takes neither the model nor the secrets.
package struct SiteOutline: Sendable {
  package var name: String
  /// Absolute.
  package var stateFolder: String
  /// In file order, as their ids in the journal go.
  package var sources: [String]
  package var people: [Person]

  package var ledger: String { stateFolder + "/ledger.sqlite" }

  /// Throws what is wrong with the part it reads.
  package static func read(folder: String) throws(SiteFindings) -> SiteOutline {
    let report = Reporter()
    let folder = absolute(folder, from: FileManager.default.currentDirectoryPath)
    let file = (folder.split(separator: "/").last.map(String.init) ?? "") + "/site.yaml"
    guard let text = YAML.read(folder + "/site.yaml", shownAs: file, report) else {
      throw SiteFindings(list: report.sorted)
    }
    let fields = Fields(text, "the site file", file: file, report)
    let name = fields.text("site", needed: "riverside")?.text ?? ""
    let outline = SiteOutline(
      name: name, stateFolder: absolute(fields.text("state")?.text ?? "state", from: folder),
      sources: fields.named("sources").map(\.key), people: Site.readPeople(fields))
    guard report.list.isEmpty else { throw SiteFindings(list: report.sorted) }
    return outline
  }
}

extension [Person] {
  /// Who uses an account of this machine.
  package func person(withLogin login: String) -> Person? { first { $0.login == login } }
}
