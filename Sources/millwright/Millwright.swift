import ArgumentParser
import Foundation
import Rules

@main
struct Millwright: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "millwright",
    abstract: "Turns plant telemetry into operational work.",
    discussion: "Exit codes: 0 done, 1 findings, 2 usage, 3 cannot.",
    version: "0.1.0",
    subcommands: [
      Check.self, TestCommand.self, BacktestCommand.self, Run.self, DemoCommand.self, Simulate.self, Decisions.self,
      Conditions.self,
      Actions.self,
      SourcesCommand.self, ExplainCommand.self, Halt.self, Resume.self, RulesCommand.self, AssetsCommand.self,
      Roi.self, LossesCommand.self, Verify.self, Backup.self,
      Restore.self,
    ])

  static func main() {
    // A broker or a desk that goes away is an error to handle, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    endWithoutBacktrace()
    do {
      try refuseUnknownSubcommand()
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      failure.report()
      exit(withCode: failure.code)
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      if code == .success {
        print(message)
        Foundation.exit(0)
      }
      standardError.write(message + "\n")
      Foundation.exit(code == .validationFailure ? 2 : code == .failure ? 3 : code.rawValue)
    }
  }

  /// The parser would speak of unexpected arguments; a person misspelt one word.
  private static func refuseUnknownSubcommand() throws {
    let known = configuration.subcommands.compactMap { $0.configuration.commandName ?? $0._commandName } + ["help"]
    guard let first = CommandLine.arguments.dropFirst().first, !first.hasPrefix("-"), !known.contains(first) else {
      return
    }
    throw Failure.usage(
      "there is no subcommand '\(first)'\(suggestion(for: first, among: known)); see 'millwright --help'")
  }

  private static func exit(withCode code: Int32) -> Never { Foundation.exit(code) }
}

/// Why a command ends without having done what it was asked.
enum Failure: Error {
  /// Something is wrong in files a person wrote; or a check found what it looks for.
  case findings([String])
  /// What was attempted, where, and what to do.
  case cannot(String)
  case usage(String)

  var code: Int32 {
    switch self {
    case .findings: 1
    case .usage: 2
    case .cannot: 3
    }
  }

  func report() {
    switch self {
    case .findings(let lines): for line in lines { standardError.write(line + "\n") }
    case .cannot(let text), .usage(let text): standardError.write("millwright: \(text)\n")
    }
  }
}
