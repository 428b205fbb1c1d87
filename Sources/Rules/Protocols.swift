// The six protocols neighbours meet through. Every target imports Rules and none imports another, so what two of
// them must agree on is here, and only the command brings them together.

/// Turns bytes from outside into inputs, and nothing else. It has a thread of its own; the engine takes what it
/// has read and says when that is on disk.
///
/// The engine's turn is: `take` as often as it likes; when it closes the batch: `hold`, one last `take`, commit,
/// then `committed` (or `refused`). Between `hold` and the answer the source reads nothing, so everything it read
/// was taken and can be acknowledged at once.
package protocol Source: AnyObject, Sendable {
  var id: SourceID { get }
  /// Starts reading. `delivered` is what the journal has of this source's newest messages, oldest first: those that
  /// a broker delivers again are acknowledged and not given. `wake` is called from the source's thread whenever
  /// there is something to take.
  func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) throws
  /// Moves what was read since the last take to the end of `intake`. Never blocks.
  func take(into intake: inout Intake)
  /// Reads no more until answered. Returns when no read is under way.
  func hold()
  /// All that was taken is on disk: acknowledge it and go on.
  func committed()
  /// It is not: forget it without acknowledging, so that it is delivered again.
  func refused()
  /// Ends the thread and closes the link. What was not committed is not acknowledged.
  func stop()
}

/// What sources give: inputs in arrival order, and what could not be read.
package struct Intake: Sendable {
  package var inputs: [Input] = []
  package var deadLetters: [DeadLetter] = []
  /// The messages they came from, in order of arrival; QoS 0 messages have none.
  package var marks: [MessageMark] = []
  /// Which inputs came of which message, in order; those between came of none.
  package var origins: [Origin] = []
  package init() {}

  package struct Origin: Sendable, Equatable {
    /// Over the source's name, the topic and the payload.
    package var hash: UInt64
    /// Places in `inputs`.
    package var inputs: Range<Int>
    package init(hash: UInt64, inputs: Range<Int>) {
      self.hash = hash
      self.inputs = inputs
    }
  }
}

/// Makes configurations: those that decided once, and the one that is to decide now.
package protocol Catalogue: AnyObject {
  /// The one that decided under a hash. Throws when it is no longer to be had.
  func configuration(_ hash: Digest) throws -> Configuration
  /// The one that is to decide from here on, given who decides now (nil: nobody); nil when nothing is to change.
  func successor(to decider: Decider?) throws -> Configuration?
}

/// The durable record, as the engine sees it.
package protocol Journal: AnyObject {
  /// Writes the whole batch or nothing; when it returns, the batch survives power loss.
  func commit(_ batch: Batch) throws
  /// Number of the next input.
  var nextInput: Int64 { get throws }
  /// Number of the oldest input that is still there; `nextInput` when none is.
  var firstInput: Int64 { get throws }
  /// Gives every input from `number` on and before `end`, in order.
  func replay(from number: Int64, before end: Int64, _ body: (Int64, Input) throws -> Void) throws
  /// The first input of the newest batch that began to arrive before `time`; where none did, the oldest there is.
  func input(before time: Instant) throws -> Int64
  /// The newest `config` input; nil in an empty journal.
  func lastConfiguration() throws -> (number: Int64, hash: Digest)?
  /// The configuration under which an input was taken; nil before the first.
  func configuration(at number: Int64) throws -> Digest?
  /// What was decided before an input, as far as policy must know it under another configuration.
  func standing(before number: Int64) throws -> Standing
  /// The newest whole snapshot of a configuration that begins its replay before `limit` and can be read by this
  /// version; nil when there is none.
  func snapshot(of configuration: Digest, before limit: Int64) throws -> Snapshot?
  /// Gives every decision that came of inputs from `number` on, oldest first.
  func decisions(from number: Int64, _ body: (Decision) throws -> Void) throws
  /// The newest messages of all sources, oldest first, as far back as they may be delivered again.
  func marks() throws -> [MessageMark]
  /// Takes a step, in little time, towards what is to be kept and no more. To be called now and then.
  func tidy(now: Instant) throws
}

extension Journal {
  /// Gives every input from `number` on, in order.
  package func replay(from number: Int64, _ body: (Int64, Input) throws -> Void) throws {
    try replay(from: number, before: .max, body)
  }
}

/// What a new configuration takes over from those before it: without it an order would be repeated that was made
/// an hour ago under a rule whose comment has changed since.
package struct Standing: Sendable {
  /// The newest decisions of each rule and asset, oldest first.
  package var decisions: [DecisionKey] = []
  /// Actions that still wait for a person, and when they expire by data time.
  package var waiting: [(key: ActionKey, expires: Instant)] = []
  /// Setpoint requests that were to be sent, by the asset's path and the tag: the newest of each, and until when it
  /// is open.
  package var setpoints: [(asset: String, tag: String, until: Instant)] = []
  /// What persons have silenced and not ended, oldest first.
  package var silences: [Silence] = []
  /// Of a restore under no configuration, or under the one that ends there.
  package var doubt: Doubt?
  package init() {}
}

/// A person's word that nothing is decided: a rule shelved, or an asset out of service.
package struct Silence: Sendable, Equatable {
  /// Nil: all rules, and the asset with all below it is out of service.
  package var rule: String?
  /// The asset's path; nil: the rule is shelved on all.
  package var asset: String?
  /// By data time; nil: until a person ends it.
  package var until: Instant?
  package var person: String
  package init(rule: String?, asset: String?, until: Instant?, person: String) {
    self.rule = rule
    self.asset = asset
    self.until = until
    self.person = person
  }
}

/// What there is to do for an adapter, and where the dispatcher says what came of it.
package protocol ActionQueue: AnyObject, Sendable {
  /// The next errand of this adapter at `now` (wall clock); nil when none is due. What is to be sent is marked
  /// *sending* first, in a transaction of its own; nothing is while acting is halted. Only errands the adapter has
  /// the skill for are given. Actions of one rule on one asset come in order, one at a time.
  func next(adapter: String, skills: AdapterSkills, now: Instant) throws -> Errand?
  /// When the next errand of this adapter falls due; nil when there is none.
  func nextDue(adapter: String, skills: AdapterSkills) throws -> Instant?
  /// Keeps the request of a claimed action before its first byte is sent: a later attempt sends the same bytes.
  func keep(_ request: HTTPRequest, for action: ActionKey) throws
  /// What came of an errand: the engine journals it as an input and moves the action in the same transaction.
  func report(_ command: Command)
  /// The status of this order is not asked for again before `time`. Not journalled: it decides nothing.
  func postpone(_ action: ActionKey, until time: Instant) throws
}

/// Current values, for whoever must judge an action by them.
package protocol TagReader {
  /// The value as of a moment; nil when it is not good then.
  func good(_ tag: TagID, at time: Instant) -> Value?
}

/// One system's adapter: what to ask of it and what its answers mean. Pure: no network, no secret.
/// Made and used on one thread. Functions of a skill it does not have are never called.
package protocol AdapterCode: AnyObject {
  /// Sends the same key twice without making two things.
  var isIdempotent: Bool { get }
  var skills: AdapterSkills { get }
  /// How long after it was made a thing may still be missing from a look-up.
  var visibleAfter: TimeSpan { get }
  /// How often the status of an order is asked for while it changes.
  var followEvery: TimeSpan { get }
  var authorisation: Authorisation { get }
  func request(_ action: Tree, settings: Tree) throws -> HTTPRequest
  func answer(_ response: HTTPResponse) throws -> Receipt
  func lookUp(_ action: Tree, settings: Tree) throws -> HTTPRequest
  func readLookUp(_ response: HTTPResponse) throws -> LookUpAnswer
  func lookUpOpen(_ wanted: Tree, settings: Tree) throws -> HTTPRequest
  func readLookUpOpen(_ response: HTTPResponse, wanted: Tree) throws -> LookUpAnswer
  func status(_ order: Tree, settings: Tree) throws -> HTTPRequest
  func readStatus(_ response: HTTPResponse) throws -> StatusAnswer
  func comment(_ order: Tree, settings: Tree) throws -> HTTPRequest
  func readComment(_ response: HTTPResponse) throws -> Receipt
  func losses(_ wanted: Tree, settings: Tree) throws -> HTTPRequest
  func readLosses(_ response: HTTPResponse, settings: Tree) throws -> LossesAnswer
}

/// A request as an adapter made it: without authorisation or signature, which are added anew for each attempt.
package struct HTTPRequest: Sendable, Equatable {
  package var method: String
  /// Joined to the adapter's base URL.
  package var path: String
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  package init(method: String, path: String, headers: [(name: String, value: String)], body: [UInt8]) {
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
  }
  package static func == (a: HTTPRequest, b: HTTPRequest) -> Bool {
    a.method == b.method && a.path == b.path && a.body == b.body
      && a.headers.elementsEqual(b.headers) { $0 == $1 }
  }
}

package struct HTTPResponse: Sendable {
  package var status: Int
  /// Names in lower case.
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// Plain data between Swift, Lua and JSON. Records keep their order.
package indirect enum Tree: Sendable, Equatable {
  case null
  case boolean(Bool)
  case number(Double)
  case text(String)
  case list([Tree])
  case record([Field])

  package struct Field: Sendable, Equatable {
    package var name: String
    package var value: Tree
    package init(_ name: String, _ value: Tree) {
      self.name = name
      self.value = value
    }
  }

  package subscript(_ name: String) -> Tree? {
    guard case .record(let fields) = self else { return nil }
    return fields.first { $0.name == name }?.value
  }
}
