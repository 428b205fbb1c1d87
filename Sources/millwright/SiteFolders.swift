import ArgumentParser
import Foundation

/// Where a site's files are, from the command line.
struct SiteFolders: ParsableArguments {
  @Argument(help: "the site's folder, with site.yaml in it") var site: String
  @Option(help: "the folder of rule files, instead of the one site.yaml names") var rules: String?
  @Option(help: "the folder of adapters, instead of the one site.yaml names") var integrations: String?

  init() {}
  init(site: String) {
    self.site = site
    rules = nil
    integrations = nil
  }
}
