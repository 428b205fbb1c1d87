import ArgumentParser
import Foundation

/// The same result as a page: one file, for a browser, a phone and paper.
struct PageFile: ParsableArguments {
  @Option(help: "also write a page for people to this file; it loads nothing and runs nothing") var html: String?

  /// Says where it is beside what is printed, so that `--format json` stays readable by programs. The page is made only
  /// when it is asked for.
  func write(_ page: @autoclosure () throws -> String) throws {
    guard let html else { return }
    let text = try page()
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: html), options: .atomic)
    } catch {
      throw Failure.cannot("cannot write the page to \(html): \(error.localizedDescription)")
    }
    standardError.write("The page is \(html)\n")
  }
}
