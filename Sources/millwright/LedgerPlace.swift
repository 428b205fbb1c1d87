import ArgumentParser
import Foundation
import Ledger
import Rules
import Site

/// Which ledger a subcommand is about: the site's, or a file.
struct LedgerPlace: ParsableArguments {
  @Option(help: "the site's folder") var site = "site"
  @Option(help: "a ledger file, instead of the site's") var ledger: String?

  func reader() throws -> LedgerReader {
    do {
      return try LedgerReader(path: path())
    } catch let error as LedgerError {
      throw Failure.cannot("\(error)")
    }
  }

  func path() throws -> String { try ledger ?? outline().ledger }

  func outline() throws -> SiteOutline { try LedgerPlace.outline(of: site) }

  /// Neither the model nor a secret is needed to find a ledger.
  static func outline(of site: String) throws -> SiteOutline {
    do {
      return try SiteOutline.read(folder: site)
    } catch {
      throw Failure.findings(error.list.map(\.description))
    }
  }
}
