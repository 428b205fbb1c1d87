import ArgumentParser
import Foundation
import Ledger
import Rules
import Site

/// Which ledger a listing reads: the site's, or a file.
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

  func path() throws -> String {
    if let ledger { return ledger }
    do {
      let site = try Site.read(folder: site, environment: ProcessInfo.processInfo.environment, makeSecrets: false)
      return site.stateFolder + "/ledger.sqlite"
    } catch {
      throw Failure.findings(error.list.map(\.description))
    }
  }
}
