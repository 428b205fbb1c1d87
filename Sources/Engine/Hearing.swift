import Rules

/// A configuration that is to take over hears the journal first, as far back as it reads what the one before did not
/// keep. Some inputs at a time: the engine goes on deciding meanwhile.
struct Hearing {
  /// Inputs between two looks at what the sources bring: a few milliseconds.
  static let atOnce: Int64 = 20_000

  private(set) var listener: Listener
  /// The next input to be heard.
  private var next: Int64
  /// Why what was heard is not all there is: a part of the journal that nobody needed any more may be damaged, and that
  /// keeps no configuration from taking over.
  private(set) var trouble: String?

  /// Nil when the one before has kept all of it, or the journal has nothing.
  init?(_ configuration: Configuration, after memory: Memory, _ journal: any Journal, _ catalogue: any Catalogue) {
    guard memory.newest > .distantPast, let reach = Listener.reach(of: configuration, beyond: memory.decider) else {
      return nil
    }
    listener = Listener(configuration)
    next = .max
    do {
      next = try journal.input(before: memory.newest - reach)
      if let hash = try journal.configuration(at: next) { follow(hash, catalogue) }
    } catch {
      giveUp(error)
    }
  }

  /// How many inputs are still to be heard.
  func left(_ journal: any Journal) throws -> Int64 { trouble == nil ? max(0, try journal.nextInput - next) : 0 }

  /// Hears on, at most `count` inputs more. Throws `Stopped`.
  mutating func goOn(
    _ journal: any Journal, _ catalogue: any Catalogue, atMost count: Int64 = .max, _ isStopping: () -> Bool = { false }
  ) throws {
    guard trouble == nil else { return }
    do {
      let first = try journal.firstInput
      if first > next {
        // The journal was cut meanwhile: nothing is known across what is missing.
        listener.forget()
        next = first
        if let hash = try journal.configuration(at: next) { follow(hash, catalogue) }
      }
      let (end, overflows) = next.addingReportingOverflow(count)
      try journal.replay(from: next, before: overflows ? .max : end) { number, input in
        if number % 1_000 == 0, isStopping() { throw Stopped() }
        if case .config(let hash) = input { follow(hash, catalogue) } else { listener.hear(input) }
        next = number + 1
      }
    } catch let stopped as Stopped {
      throw stopped
    } catch {
      giveUp(error)
    }
  }

  private mutating func giveUp(_ error: any Error) {
    listener.forget()
    trouble = "what was before cannot be read (\(error)): windows that nobody read before begin empty"
  }

  /// Where it is no longer to be had what its inputs mean, all begins behind them.
  private mutating func follow(_ hash: Digest, _ catalogue: any Catalogue) {
    guard let configuration = try? catalogue.configuration(hash) else { return listener.forget() }
    listener.follow(configuration)
  }
}
