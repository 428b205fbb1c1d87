import Glibc

/// A program that does nothing but write a ledger, for tests that let it die: `ledger-writer PATH SEED STEPS`. Each step
/// that returned is noted in PATH.notes.
@main
struct LedgerWriter {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let seed = UInt64(arguments[2]), let steps = Int(arguments[3]) else {
      print("usage: ledger-writer PATH SEED STEPS")
      exit(2)
    }
    let notes = open(arguments[1] + ".notes", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    var script = WriterScript(path: arguments[1], seed: seed)
    for step in 0..<steps {
      try script.take(step)
      _ = write(notes, "\n", 1)
    }
  }
}
