import ArgumentParser

struct Halt: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Stops all sending at once, until 'resume'. Deciding and recording go on.",
    discussion: "Who halts is the account that runs this, looked up among the site's people.")
  @Option(help: "the reason, for the record") var why: String
  @OptionGroup var place: LedgerPlace
  @OptionGroup var output: FormatOption

  func run() throws { try ControlClient(place).carryOut(.halt(why: why), format: output.format) }
}

struct Resume: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Ends a halt: what is ready is sent.")
  @Flag(help: "although actions that may have been made are still to be looked up") var anyway = false
  @OptionGroup var place: LedgerPlace
  @OptionGroup var output: FormatOption

  func run() throws { try ControlClient(place).carryOut(.resume(anyway: anyway), format: output.format) }
}
