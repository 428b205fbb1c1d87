import CLua
import Rules

/// One Lua state: one file's code, sandboxed. Not Sendable on purpose: it belongs to the thread that made it.
/// After an exhausted budget or memory the state is thrown away and made again from the text at the next call.
package final class LuaHost {
  /// What one call may use.
  package struct Budget: Sendable {
    /// Lua instructions in one call; work done in C is charged too.
    package var instructions: Int
    /// Lua instructions while the file is loaded.
    package var load: Int
    /// Bytes the state may hold at once.
    package var memory: Int
    /// Instructions between two looks at the budget; 1 counts exactly.
    package var step: Int
    /// Of its thread's processor in one call, looked at as often; nil: as much as its instructions take.
    package var time: TimeSpan?
    package init(
      instructions: Int = 1_000_000, load: Int = 5_000_000, memory: Int = 8 * 1024 * 1024, step: Int = 1000,
      time: TimeSpan? = Budget.longestCall
    ) {
      self.instructions = instructions
      self.load = load
      self.memory = memory
      self.step = step
      self.time = time
    }
    package static let standard = Budget()
    static func standard(clocked: Bool) -> Budget { clocked ? .standard : Budget(time: nil) }
    package static let longestCall = TimeSpan(microseconds: 200_000)
  }

  package static let largestText = 256 * 1024

  /// What the statement was given.
  package let declared: Declared
  /// The line of the statement.
  package let statementLine: Int
  let file: String
  private let text: String
  private let vocabulary: Vocabulary
  private let budget: Budget
  private let caller: CallNote.Caller?
  private let natives: [Native]
  /// By set: the rule's own readings, then those of each calculation.
  private var readings: [[String]] = [[]]
  private var limits: [String] = []
  /// The limits that the host in C uses, which must outlive their use, and those of others asked lately: assets with
  /// limits of their own take turns.
  private var lastLimits: HostLimits?
  private var knownLimits: [ObjectIdentifier: HostLimits] = [:]
  private var state: OpaquePointer?
  private var slots: [UnsafeMutablePointer<MWReading>?] = []
  /// By number: how many instructions a call of that function takes at most, 0 where only the hook can tell.
  private let longestCalls: [Int64]
  /// Its functions pass on as many values as they are given, which is charged at each call.
  private let passesVarargs: Bool

  /// The names a file may use besides the library.
  struct Vocabulary {
    var statement: String
    var words: [String]
    var callWords: [String]
    /// Those of them that are methods of what a word gives: `latest("Temp"):of("Line")` is `of(latest("Temp"), "Line")`.
    var methods: [String]
    var all: [String] { words + callWords + [statement] }
  }

  /// A function in C that a test gives the file: nothing holds it back, so it can show what becomes of a call that
  /// spins or dies.
  package struct Native {
    package var name: String
    package var function: @convention(c) () -> Void
    package init(_ name: String, _ function: @escaping @convention(c) () -> Void) {
      self.name = name
      self.function = function
    }
  }

  /// Loads `text` and runs it once. `statement` is the one statement-function; `words` may be called while the
  /// file loads, `callWords` also inside functions. Exactly one statement must be made. With a `caller`, each call is
  /// noted as its own.
  package init(
    text: String, file: String, statement: String, words: [String], callWords: [String] = [], methods: [String] = [],
    budget: Budget = .standard, caller: CallNote.Caller? = nil, allocations: Int? = nil, natives: [Native] = []
  ) throws(LuaFailure) {
    self.caller = caller
    self.natives = natives
    self.text = text
    self.file = file
    self.budget = budget
    vocabulary = Vocabulary(statement: statement, words: words, callWords: callWords, methods: methods)
    guard text.utf8.count <= Self.largestText else {
      throw LuaFailure(
        cause: .tooLarge, file: file, line: nil, message: "the file has more than \(Self.largestText / 1024) KiB")
    }
    let loaded = try Self.load(
      text, file, vocabulary, budget, caller, natives, allocations: allocations, check: true)
    (state, declared, statementLine) = (loaded.state, loaded.declared, loaded.line)
    longestCalls = loaded.longestCalls
    passesVarargs = loaded.passesVarargs
  }

  deinit { discard() }

  /// Names that the read-only argument tables know: index is the place in the array passed to `ask`. Each calculation
  /// sees readings of its own.
  package func bind(
    readings: [String], limits: [String], calculations: [[String]] = []
  ) throws(LuaFailure) {
    self.readings = [readings] + calculations
    self.limits = limits
    let state = try revived(binding: false)
    try bind(state)
  }

  /// Calls a predicate with (asset, limits). The result must be exactly true or false; looking at a reading that
  /// is not good ends the call. As many readings and limits as were bound, in the set of a calculation (from 1) or the
  /// rule's own (0).
  package func ask(
    _ f: LuaFunction, set: Int = 0, _ readings: UnsafeBufferPointer<ReadingValue>, _ limits: LimitTable
  ) -> Answer {
    do throws(LuaFailure) {
      let state = try prepared(set, readings, limits)
      let status = mw_ask(
        state, Int32(f.number), Int32(set), Int64(budget.instructions), longestCall(of: f))
      switch status {
      case MW_YES: return .yes
      case MW_NO: return .no
      case MW_BLIND: return .blind(reading: Int(mw_blind(state)))
      case MW_NOT_BOOLEAN:
        let type = String(cString: mw_name(state))
        throw LuaFailure(
          cause: .error, file: file, line: f.line, message: "this function must return true or false, not \(type)")
      default: throw failure(state, status, set: set)
      }
    } catch {
      return .fault(error.faultCause)
    }
  }

  /// Calls a calculation with (its readings, limits). The result must be a number, or nil when there is none now; what
  /// is no finite number is none.
  package func compute(
    _ f: LuaFunction, set: Int, _ readings: UnsafeBufferPointer<ReadingValue>, _ limits: LimitTable
  ) -> Computed {
    do throws(LuaFailure) {
      let state = try prepared(set, readings, limits)
      var result = 0.0
      let status = mw_compute(
        state, Int32(f.number), Int32(set), Int64(budget.instructions), longestCall(of: f), &result)
      switch status {
      case MW_OK: return result.isFinite ? .number(result) : .nothing
      case MW_NO: return .nothing
      case MW_BLIND: return .blind(reading: Int(mw_blind(state)))
      case MW_NOT_NUMBER:
        let type = String(cString: mw_name(state))
        throw LuaFailure(
          cause: .error, file: file, line: f.line,
          message: "this calculation must return a number, or nil when there is none now; not \(type)")
      default: throw failure(state, status, set: set)
      }
    } catch {
      return .fault(error.faultCause)
    }
  }

  /// What a function that makes something gave.
  package enum Made: Equatable, Sendable {
    case made(Declared)
    case blind(reading: Int)
    case fault(FaultCause)
  }

  /// Calls a function with (asset, limits) that may use the words for calls; gives its result.
  package func make(
    _ f: LuaFunction, _ readings: UnsafeBufferPointer<ReadingValue>, _ limits: LimitTable
  ) -> Made {
    do throws(LuaFailure) {
      let state = try prepared(0, readings, limits)
      let status = mw_make(state, Int32(f.number), 0, Int64(budget.instructions))
      switch status {
      case MW_OK: return .made(try Self.output(state, file: file))
      case MW_BLIND: return .blind(reading: Int(mw_blind(state)))
      default: throw failure(state, status, in: f)
      }
    } catch {
      return .fault(error.faultCause)
    }
  }

  private func longestCall(of f: LuaFunction) -> Int64 {
    f.number < longestCalls.count ? longestCalls[f.number] : 0
  }

  /// The state with the readings in their places and the limits in use.
  @inline(__always)
  private func prepared(
    _ set: Int, _ readings: UnsafeBufferPointer<ReadingValue>, _ limits: LimitTable
  ) throws(LuaFailure) -> OpaquePointer {
    precondition(
      readings.count == self.readings[set].count && limits.count == self.limits.count,
      "a function is called with other readings or limits than were bound")
    let state = try revived(binding: true)
    if let slots = slots[set] {
      for index in readings.indices {
        switch readings[index] {
        case .notGood: slots[index].kind = MW_NOT_GOOD
        case .absent: slots[index].kind = MW_ABSENT
        case .boolean(let value): slots[index].kind = value ? MW_TRUE : MW_FALSE
        case .number(let value):
          slots[index].kind = MW_NUMBER
          slots[index].number = value
        case .text(let value):
          slots[index].kind = MW_TEXT
          try setText(state, slots + index, value)
        case .group(let value):
          slots[index].kind = MW_GROUP
          // In the order of CLua.h.
          slots[index].group = (value.highest, Double(value.howMany), value.lowest, value.mean, value.spread)
          try setText(state, slots + index, value.worst)
        }
      }
    }
    if lastLimits?.table !== limits {
      let limits = hostLimits(limits)
      mw_use_limits(state, limits.start)
      lastLimits = limits
    }
    return state
  }

  private func setText(
    _ state: OpaquePointer, _ slot: UnsafeMutablePointer<MWReading>, _ text: String
  ) throws(LuaFailure) {
    var text = text
    let status = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { mw_set_text(state, slot, $0.baseAddress, $0.count) }
    }
    if status != MW_OK { throw failure(state, status) }
  }

  private func hostLimits(_ table: LimitTable) -> HostLimits {
    if let known = knownLimits[ObjectIdentifier(table)] { return known }
    // A rule has few sets of limits; whoever makes a table for each question must not fill the memory.
    if knownLimits.count >= 64 { knownLimits = [:] }
    let made = HostLimits(table)
    knownLimits[ObjectIdentifier(table)] = made
    return made
  }

  /// Calls a function with trees and gives its first result as a tree.
  package func call(_ f: LuaFunction, _ arguments: [Tree]) throws(LuaFailure) -> Declared {
    let state = try revived(binding: true)
    let bytes = LuaBytes.encode(.list(arguments))
    let status = mw_call(state, Int32(f.number), bytes, bytes.count, Int64(budget.instructions))
    guard status == MW_OK else { throw failure(state, status, in: f) }
    return try Self.output(state, file: file)
  }

  /// Instructions charged to the budget by the last call, in steps of `Budget.step`; 0 after the state was lost.
  package var lastCallInstructions: Int { state.map { Int(mw_instructions($0)) } ?? lostInstructions }
  /// Bytes the state holds.
  package var memory: Int { state.map { Int(mw_memory($0)) } ?? 0 }
  private var lostInstructions = 0

  /// From here on, until the state is lost, the longest time between two looks at the budget is kept: with a step of 1
  /// that of one instruction, or of a stretch of a library call.
  package func measureStretches() { if let state { mw_measure(state) } }
  /// In microseconds of the processor, since it was last taken.
  package func takeLongestStretch() -> Double { state.map { Double(mw_take_longest_stretch($0)) / 1e3 } ?? lostStretch }
  private var lostStretch = 0.0

  // MARK: The state's life

  private func revived(binding: Bool) throws(LuaFailure) -> OpaquePointer {
    if let state { return state }
    let state = try Self.load(text, file, vocabulary, budget, caller, natives, allocations: nil, check: false).state
    if passesVarargs { mw_charge_calls(state) }
    self.state = state
    if binding { try bind(state) }
    return state
  }

  private func bind(_ state: OpaquePointer) throws(LuaFailure) {
    let names = LuaBytes.encode(.list(([limits] + readings).map { .list($0.map(Tree.text)) }))
    let status = mw_bind(state, names, names.count)
    guard status == MW_OK else { throw failure(state, status) }
    slots = readings.indices.map { mw_readings(state, Int32($0)) }
    lastLimits = nil
  }

  private func discard() {
    slots = []
    guard let state else { return }
    self.state = nil
    Self.close(state)
  }

  private static func close(_ state: OpaquePointer) {
    let left = mw_close(state)
    if left != 0 { preconditionFailure("the Lua host kept \(left) bytes after it was closed") }
  }

  private func failure(
    _ state: OpaquePointer, _ status: MWStatus, set: Int = 0, in function: LuaFunction? = nil
  ) -> LuaFailure {
    var failure = Self.failure(state, status, file, vocabulary, readings: readings[set], limits: limits)
    if failure.line == nil { failure.line = function?.line }
    if status == MW_BUDGET || status == MW_TIME || status == MW_MEMORY || status == MW_DEPTH {
      lostInstructions = Int(mw_instructions(state))
      lostStretch = Double(mw_take_longest_stretch(state)) / 1e3
      discard()
    }
    return failure
  }

  // MARK: Loading

  private struct Loaded {
    var state: OpaquePointer
    var declared: Declared
    var line: Int
    var longestCalls: [Int64]
    var passesVarargs: Bool
  }

  private static func load(
    _ text: String, _ file: String, _ vocabulary: Vocabulary, _ budget: Budget, _ caller: CallNote.Caller?,
    _ natives: [Native], allocations: Int?, check: Bool
  ) throws(LuaFailure) -> Loaded {
    let config = LuaBytes.encode(
      .list([
        .text(vocabulary.statement), .list(vocabulary.words.map(Tree.text)), .list(vocabulary.callWords.map(Tree.text)),
        .list(vocabulary.methods.map(Tree.text)),
      ]))
    let room = MWLimits(
      memory: budget.memory, step: Int32(clamping: budget.step), allocations: allocations.map(Int64.init) ?? -1,
      time: budget.time.map { $0.microseconds * 1_000 } ?? 0)
    guard let state = mw_open(room, config, config.count) else {
      throw LuaFailure(cause: .memory, file: file, line: nil, message: "not enough memory to load the file")
    }
    do throws(LuaFailure) {
      func need(_ status: MWStatus) throws(LuaFailure) {
        if status != MW_OK { throw failure(state, status, file, vocabulary) }
      }
      if let caller { mw_note_calls(state, caller.place.pointer, caller.number) }
      for native in natives { try need(mw_add_native(state, native.name, native.function)) }
      var source = text
      try need(
        source.withUTF8 { bytes in
          bytes.withMemoryRebound(to: CChar.self) { mw_compile(state, $0.baseAddress, $0.count) }
        })
      var passesVarargs = false
      if check {
        try need(mw_dump(state, 0))
        let main = try Bytecode.read(bytecode(state), file: file)
        try checkNames(main, file: file, known: library(MW_SCOPE_ENV) + vocabulary.all + natives.map(\.name))
        try checkJoins(main, file: file)
        passesVarargs = main.passesVarargs
        if passesVarargs { mw_charge_calls(state) }
      }
      try need(mw_run(state, Int64(budget.load)))
      guard mw_statement_line(state) > 0 else {
        let name = vocabulary.statement
        throw LuaFailure(
          cause: .error, file: file, line: nil, message: "the file declares nothing; write \(name) { ... }")
      }
      let declared = try output(state, file: file)
      var longestCalls: [Int64] = [0]
      if check {
        var function: Int32 = 1
        while true {
          let status = mw_dump(state, function)
          if status == MW_NO { break }
          try need(status)
          let code = bytecode(state)
          if !code.isEmpty { try checkCaptures(code, file: file) }
          longestCalls.append(Int64(code.isEmpty ? 0 : try Bytecode.read(code, file: file).longestCall ?? 0))
          function += 1
        }
      }
      return Loaded(
        state: state, declared: declared, line: Int(mw_statement_line(state)), longestCalls: longestCalls,
        passesVarargs: passesVarargs)
    } catch {
      close(state)
      throw error
    }
  }

  private static func bytecode(_ state: OpaquePointer) -> [UInt8] {
    var count = 0
    let start = mw_output(state, &count)
    return Array(UnsafeBufferPointer(start: start, count: count))
  }

  private static func output(_ state: OpaquePointer, file: String) throws(LuaFailure) -> Declared {
    guard let declared = LuaBytes.decode(bytecode(state)) else {
      throw LuaFailure(cause: .error, file: file, line: nil, message: "a text in it is not UTF-8")
    }
    return declared
  }

  // MARK: What failed

  private static func failure(
    _ state: OpaquePointer, _ status: MWStatus, _ file: String, _ vocabulary: Vocabulary, readings: [String] = [],
    limits: [String] = []
  ) -> LuaFailure {
    let name = String(cString: mw_name(state))
    let text = String(cString: mw_message(state))
    let line = mw_line(state) > 0 ? Int(mw_line(state)) : nil
    func because(_ cause: LuaFailure.Cause, _ message: String) -> LuaFailure {
      LuaFailure(cause: cause, file: file, line: line, message: message)
    }
    switch status {
    case MW_SYNTAX: return because(.syntax, text)
    case MW_UNKNOWN_NAME:
      let (what, known): (String, [String]) =
        switch mw_scope(state) {
        case MW_SCOPE_READINGS: ("unknown reading", readings)
        case MW_SCOPE_LIMITS: ("unknown limit", limits)
        case MW_SCOPE_GROUP: ("a reading of many assets has no", library(MW_SCOPE_GROUP))
        case MW_SCOPE_ENV: ("unknown name", library(MW_SCOPE_ENV) + vocabulary.all)
        case let scope: ("unknown name", library(scope))
        }
      return because(.unknownName(name), "\(what) '\(name)'\(suggestion(for: name, among: known))")
    case MW_CAPTURED_TABLE: return because(.capturedTable(name), keepsTable(name))
    case MW_ASSIGNS_GLOBAL: return because(.assignsGlobal(name), assignsGlobal(name))
    case MW_BUDGET: return because(.budget, "used up its instructions; is there a loop that does not end?")
    case MW_TIME:
      let used = Double(mw_time(state)) / 1e9
      let tenths = Int((used * 100).rounded())
      return because(
        .overtime,
        "took \(tenths / 100).\(tenths % 100 < 10 ? "0" : "")\(tenths % 100) s of processor time; a call may take 0.2 s"
      )
    case MW_DEPTH:
      return because(.error, "more than 2,560 values on the stack of one call; does a function call itself for ever?")
    case MW_MEMORY: return because(.memory, text.isEmpty ? "not enough memory" : text)
    default: return because(.error, text.isEmpty ? "an error without a text" : text)
    }
  }

  static func library(_ scope: MWScope) -> [String] {
    var names: [String] = []
    while let name = mw_known(scope, Int32(names.count)) { names.append(String(cString: name)) }
    return names
  }

  static func keepsTable(_ name: String) -> String {
    "a function keeps the table '\(name)' from outside; make it inside the function, because nothing lasts between calls"
  }
  static func assignsGlobal(_ name: String) -> String { "assigns to the global '\(name)'; write local \(name) = ..." }
}
