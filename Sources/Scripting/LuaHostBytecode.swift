import Rules

extension LuaHost {
  /// Refuses assignments to globals, and names that are nowhere, before the chunk runs.
  static func checkNames(_ main: Bytecode, file: String, known: [String]) throws(LuaFailure) {
    try checkNames(main, environment: [0], file: file, known: Set(known), order: known)
  }

  private static func checkNames(
    _ f: Bytecode, environment: Set<Int>, file: String, known: Set<String>, order: [String]
  ) throws(LuaFailure) {
    for (place, instruction) in f.code.enumerated() {
      switch instruction & 0x7F {
      case Bytecode.setTabUp where environment.contains(Int(instruction >> 7 & 0xFF)):
        let name = f.name(Int(instruction >> 16 & 0xFF))
        throw LuaFailure(
          cause: .assignsGlobal(name), file: file, line: f.line(of: place), message: assignsGlobal(name))
      case Bytecode.getTabUp where environment.contains(Int(instruction >> 16 & 0xFF)):
        let name = f.name(Int(instruction >> 24 & 0xFF))
        if !known.contains(name) {
          throw LuaFailure(
            cause: .unknownName(name), file: file, line: f.line(of: place),
            message: "unknown name '\(name)'\(suggestion(for: name, among: order))")
        }
      default: break
      }
    }
    for inner in f.functions {
      try checkNames(inner, environment: inner.taking(environment), file: file, known: known, order: order)
    }
  }

  /// Refuses to join more values than one instruction may: each number among them becomes a text, in up to 2 µs.
  static func checkJoins(_ f: Bytecode, file: String) throws(LuaFailure) {
    for (place, instruction) in f.code.enumerated() where instruction & 0x7F == Bytecode.concat {
      let count = Int(instruction >> 16 & 0xFF)
      guard count > Bytecode.mostJoined else { continue }
      throw LuaFailure(
        cause: .error, file: file, line: f.line(of: place),
        message: "joins \(count) values at once, and '..' joins at most \(Bytecode.mostJoined); do it in several steps")
    }
    for inner in f.functions { try checkJoins(inner, file: file) }
  }

  /// Refuses assignments that a function which is called again and again makes to names outside itself.
  static func checkCaptures(_ code: [UInt8], file: String) throws(LuaFailure) {
    let top = try Bytecode.read(code, file: file)
    try checkCaptures(top, outside: Set(top.upvalues.indices), file: file)
  }

  private static func checkCaptures(_ f: Bytecode, outside: Set<Int>, file: String) throws(LuaFailure) {
    for (place, instruction) in f.code.enumerated() where instruction & 0x7F == Bytecode.setUpval {
      let upvalue = Int(instruction >> 16 & 0xFF)
      guard outside.contains(upvalue) else { continue }
      let name = f.upvalues[upvalue].name
      throw LuaFailure(
        cause: .assignsCaptured(name), file: file, line: f.line(of: place),
        message: "assigns to '\(name)' outside the function; nothing lasts between calls, so make it local inside")
    }
    for inner in f.functions { try checkCaptures(inner, outside: inner.taking(outside), file: file) }
  }
}

/// One function of Lua 5.4 bytecode with its debug information, as far as names and lines go.
struct Bytecode {
  static let setUpval: UInt32 = 10
  static let getTabUp: UInt32 = 11
  static let setTabUp: UInt32 = 15
  static let concat: UInt32 = 53
  static let vararg: UInt32 = 80
  static let mostJoined = 40

  struct Upvalue {
    var inStack: Bool
    var index: Int
    var name: String
  }
  var code: [UInt32] = []
  var constants: [String?] = []
  var upvalues: [Upvalue] = []
  var functions: [Bytecode] = []
  private var lines: [Int] = []

  func line(of place: Int) -> Int? { lines.indices.contains(place) ? lines[place] : nil }
  func name(_ constant: Int) -> String { (constants.indices.contains(constant) ? constants[constant] : nil) ?? "?" }
  /// Which of its upvalues are the given ones of the function around it.
  func taking(_ outer: Set<Int>) -> Set<Int> {
    Set(upvalues.indices.filter { !upvalues[$0].inStack && outer.contains(upvalues[$0].index) })
  }

  /// Whether a function in it passes on as many values as it is given.
  var passesVarargs: Bool {
    code.contains { $0 & 0x7F == Bytecode.vararg } || functions.contains(where: \.passesVarargs)
  }

  /// How many instructions a call can take at most, where that shows: code that only goes forward, calls nothing, makes
  /// nothing, stores nothing, takes no lengths and joins no texts takes no more than it is long. Nil where it does not
  /// show. Such a call needs no hook, which costs more than all the rest of it, and cannot tell a read-only table from
  /// a plain one.
  var longestCall: Int? {
    guard code.count <= 1_000, code.allSatisfy(Bytecode.onlyGoesForward) else { return nil }
    return code.count
  }

  private static func onlyGoesForward(_ instruction: UInt32) -> Bool {
    switch instruction & 0x7F {
    // Loads, upvalues, reads of fields, arithmetic, tests and returns.
    case 0...9, 11...14, 21...51, 57...67, 70...72: true
    case 56: instruction >> 7 >= (1 << 24) - 1  // JMP, with its offset stored in excess
    default: false
    }
  }

  static func read(_ bytes: [UInt8], file: String) throws(LuaFailure) -> Bytecode {
    var reader = Reader(rest: bytes[...])
    // Signature, version 5.4, format 0, data, sizes of instruction, integer and number; then two check numbers.
    let header: [UInt8] = [0x1B, 0x4C, 0x75, 0x61, 0x54, 0, 0x19, 0x93, 0x0D, 0x0A, 0x1A, 0x0A, 4, 8, 8]
    guard bytes.starts(with: header), reader.skip(header.count + 17), let main = reader.function() else {
      throw LuaFailure(
        cause: .error, file: file, line: nil,
        message: "this Lua library is not the 5.4 that the check for captured state knows")
    }
    return main
  }

  private struct Reader {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ count: Int) -> Bool {
      guard count >= 0, count <= rest.count else { return false }
      rest.removeFirst(count)
      return true
    }
    mutating func number() -> Int? {
      var value = 0
      while let byte = rest.popFirst() {
        guard value < 1 << 40 else { return nil }
        value = value << 7 | Int(byte & 0x7F)
        if byte & 0x80 != 0 { return value }
      }
      return nil
    }
    mutating func string() -> String? {
      guard let size = number() else { return nil }
      if size == 0 { return "" }
      guard size - 1 <= rest.count else { return nil }
      defer { rest.removeFirst(size - 1) }
      return String(decoding: rest.prefix(size - 1), as: UTF8.self)
    }
    mutating func each(_ body: (inout Reader) -> Bool) -> Bool {
      guard let count = number() else { return false }
      for _ in 0..<count where !body(&self) { return false }
      return true
    }

    mutating func function() -> Bytecode? {
      var f = Bytecode()
      guard string() != nil, let first = number(), number() != nil, skip(3) else { return nil }
      let readable =
        each { r in
          guard r.rest.count >= 4 else { return false }
          f.code.append(r.rest.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) })
          return r.skip(4)
        }
        && each { r in
          switch r.rest.popFirst() {
          case 0x13, 0x03:
            f.constants.append(nil)
            return r.skip(8)
          case 0x04, 0x14:
            guard let text = r.string() else { return false }
            f.constants.append(text)
            return true
          case 0x00, 0x01, 0x11:
            f.constants.append(nil)
            return true
          default: return false
          }
        }
        && each { r in
          guard let inStack = r.rest.popFirst(), let index = r.rest.popFirst(), r.skip(1) else { return false }
          f.upvalues.append(Upvalue(inStack: inStack != 0, index: Int(index), name: "?"))
          return true
        }
        && each { r in
          guard let inner = r.function() else { return false }
          f.functions.append(inner)
          return true
        }
      guard readable, debug(&f, first: first) else { return nil }
      return f
    }

    private mutating func debug(_ f: inout Bytecode, first: Int) -> Bool {
      var steps: [Int8] = []
      var absolute: [Int: Int] = [:]
      var place = 0
      guard
        each({ r in
          guard let byte = r.rest.popFirst() else { return false }
          steps.append(Int8(bitPattern: byte))
          return true
        }),
        each({ r in
          guard let at = r.number(), let line = r.number() else { return false }
          absolute[at] = line
          return true
        }),
        each({ r in r.string() != nil && r.number() != nil && r.number() != nil }),
        each({ r in
          guard let name = r.string(), f.upvalues.indices.contains(place) else { return false }
          f.upvalues[place].name = name
          place += 1
          return true
        })
      else { return false }
      var line = first
      for (at, step) in steps.enumerated() {
        line = step == -128 ? absolute[at] ?? line : line + Int(step)
        f.lines.append(line)
      }
      return true
    }
  }
}
