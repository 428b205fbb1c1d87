import Rules

/// What a chunk declared with its one statement, as a tree. Functions stay in the Lua state, named by number.
package indirect enum Declared: Equatable, Sendable {
  case null
  case boolean(Bool)
  case number(Double)
  case text(String)
  /// A Lua table: the array part, and the named part sorted by name.
  case table(list: [Declared], fields: [DeclaredField])
  /// A Lua function, callable through the host.
  case function(LuaFunction)
  /// A vocabulary word called with arguments: `average("Flow [m3/h]", "5 min")`; used bare, without a call
  /// (`by_hand`), `arguments` is nil.
  case word(String, arguments: [Declared]?, line: Int)
}

/// A named entry of a declared table.
package struct DeclaredField: Equatable, Sendable {
  package var name: String
  package var value: Declared
  package init(name: String, value: Declared) {
    self.name = name
    self.value = value
  }
}

/// A function of the chunk: its place in load order, and the line where it is defined.
package struct LuaFunction: Hashable, Sendable {
  package var number: Int
  package var line: Int
  package init(number: Int, line: Int) {
    self.number = number
    self.line = line
  }
}

/// Why a chunk could not be loaded or a call failed: `file:line: cause`, no stack trace.
package struct LuaFailure: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Cause: Equatable, Sendable {
    case syntax
    case error
    case unknownName(String)
    /// A function captures a table or an assignment would keep something between calls; the captured name.
    case capturedTable(String)
    case assignsCaptured(String)
    case assignsGlobal(String)
    /// The instruction budget of the call is used up.
    case budget
    /// The time of the call is used up.
    case overtime
    case memory
    case tooLarge
  }
  package var cause: Cause
  package var file: String
  /// From 1; nil when it concerns the file as a whole.
  package var line: Int?
  /// Without the `file:line: ` in front.
  package var message: String
  package init(cause: Cause, file: String, line: Int?, message: String) {
    self.cause = cause
    self.file = file
    self.line = line
    self.message = message
  }
  package var description: String {
    line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
  }
}

extension LuaFailure {
  /// The same as what a question comes to.
  var faultCause: FaultCause {
    let kind: FaultCause.Kind =
      switch cause {
      case .budget, .memory: .exhausted
      case .overtime: .overtime
      default: .error
      }
    return FaultCause(description, kind: kind)
  }
}
