import ArgumentParser
import Foundation

/// Where a site's files are, from the command line.
package struct SiteFolders: ParsableArguments {
  @Argument(help: "the site's folder, with site.yaml in it") package var site: String
  @Option(help: "the folder of rule files, instead of the one site.yaml names") package var rules: String?
  @Option(help: "the folder of adapters, instead of the one site.yaml names") package var integrations: String?

  package init() {}
  package init(site: String) {
    self.site = site
    rules = nil
    integrations = nil
  }
}
