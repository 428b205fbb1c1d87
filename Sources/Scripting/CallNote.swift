import CLua
import Glibc
import Rules

/// What each thread is calling and has in hand right now, in a mapped file beside the ledger. The file outlives `kill -9`
/// and a crash, so the next start knows which rule was called for which asset, and which message, deadline or input was
/// in hand, when the process ended. Noting it is a few stores. The watchdog looks at the same places.
package final class CallNote: Sendable {
  /// Whom the note can name: rules, adapters and assets by their numbers in these lists.
  package struct Names: Equatable, Sendable {
    package var rules: [String]
    package var adapters: [String]
    /// Paths, in the model's order.
    package var assets: [String]
    package init(rules: [String], adapters: [String], assets: [String]) {
      self.rules = rules
      self.adapters = adapters
      self.assets = assets
    }
  }

  // Unsafe only to the compiler: the C side shares it between threads by atomic words.
  nonisolated(unsafe) private let note: OpaquePointer
  private let numbers: [String: UInt32]
  private let adapterNumbers: [String: UInt32]

  /// Begins a note at `path` in place of an earlier one, or in memory only, where it serves the watchdog alone.
  /// `threads` may call at once. `carrying` is what an earlier note said and the journal does not say yet: it stays
  /// until `forgetEarlier`, and what it says of a message until `forget`.
  package init(
    path: String?, names: Names, configuration: Digest, threads: Int, carrying: [OpenCall] = [],
    _ work: [OpenWork] = []
  ) throws(CallNoteError) {
    let image = CallNoteImage.encode(names, configuration, threads: threads, carrying, work)
    guard let note = image.withUnsafeBufferPointer({ mw_note_open(path, $0.baseAddress, $0.count) }) else {
      throw .cannotMake(path ?? "in memory", String(cString: strerror(errno)))
    }
    self.note = note
    func number(_ list: [String], from first: Int) -> [String: UInt32] {
      Dictionary(zip(list, (first...).lazy.map(UInt32.init)), uniquingKeysWith: { first, _ in first })
    }
    numbers = number(names.rules, from: 0)
    adapterNumbers = number(names.adapters, from: names.rules.count)
  }

  deinit { mw_note_close(note) }

  /// What an earlier process left at `path`; nil when there is no note.
  package static func read(path: String) throws(CallNoteError) -> Earlier? {
    guard let bytes = contents(of: path) else {
      if errno == ENOENT { return nil }
      throw .cannotRead(path, String(cString: strerror(errno)))
    }
    guard let earlier = CallNoteImage.decode(bytes) else { throw .notANote(path) }
    return earlier
  }

  /// From now on a thread that brings the process down inside a call says so in the note and on standard error.
  package func guardThreads() { mw_note_guard(note) }

  /// From now on a call that has used so much of its thread's processor time ends the process, with status 70.
  package func watch(limit: TimeSpan) throws(CallNoteError) {
    let reason = mw_note_watch(note, limit.microseconds * 1_000)
    if reason != 0 { throw .cannotWatch(String(cString: strerror(reason))) }
  }

  /// How often the watchdog has looked.
  package var looks: UInt64 { mw_note_looks(note) }

  /// What was carried over is in the journal now, but for messages.
  package func forgetEarlier() { mw_note_forget(note) }

  /// The message was evaluated or skipped, and that is in the journal now.
  package func forget(message hash: UInt64) { mw_note_forget_message(note, hash) }

  /// A place for the calling thread.
  package func place() throws(CallNoteError) -> Place {
    guard let pointer = mw_place_take(note) else { throw .noPlace }
    return Place(self, pointer)
  }

  /// Where one thread notes what it calls. Not Sendable on purpose: it belongs to the thread that took it.
  package final class Place: HandNote {
    private let note: CallNote
    let pointer: OpaquePointer

    fileprivate init(_ note: CallNote, _ pointer: OpaquePointer) {
      self.note = note
      self.pointer = pointer
    }

    deinit { mw_place_give_back(pointer) }

    /// Where the number of the asset is left before a call.
    package var asset: UnsafeMutablePointer<UInt32> { mw_place_asset(pointer) }

    /// Whether what is called now is called to bring the state back. A call that does so is not bounded in time.
    package func setRecovering(_ recovering: Bool) {
      mw_place_set_phase(pointer, recovering ? MW_RECOVERING : MW_LIVE)
      setClocked(!recovering)
    }

    /// Whether calls from here on are bounded in time. What was decided before, in this process or in another, is decided
    /// again without a clock: what used up its time then is in the journal.
    package func setClocked(_ clocked: Bool) { mw_place_set_clocked(pointer, clocked ? 1 : 0) }

    package func begin(_ work: WorkInHand) {
      switch work {
      case .message(let hash): mw_hand_begin(pointer, MW_MESSAGE, hash)
      case .input(let number): mw_hand_begin(pointer, MW_INPUT, UInt64(bitPattern: number))
      case .deadlines: mw_hand_begin(pointer, MW_TICK, 0)
      }
    }

    package func end() { mw_hand_end(pointer) }

    /// Where a rule's deadlines are left; nil for one the note cannot name.
    package func deadlines(of rule: String) -> DeadlineNote? {
      guard let number = note.numbers[rule], let words = mw_hand_deadline(pointer),
        let rule = words.pointer(to: \.rule), let asset = words.pointer(to: \.asset),
        let moment = words.pointer(to: \.moment)
      else { return nil }
      return DeadlineNote(number: number, rule: rule, asset: asset, moment: moment)
    }

    /// One the note cannot name is watched all the same.
    package func rule(_ name: String) -> Caller { Caller(place: self, number: note.numbers[name] ?? .max) }
    package func adapter(_ name: String) -> Caller { Caller(place: self, number: note.adapterNumbers[name] ?? .max) }
  }

  /// A rule or adapter at a place.
  package struct Caller {
    let place: Place
    let number: UInt32
  }

  /// What an earlier process left.
  package struct Earlier: Equatable, Sendable {
    package var configuration: Digest
    package var calls: [OpenCall]
    package var work: [OpenWork]

    /// The call to blame for two ends in a row while this configuration was brought back. The journal has none of
    /// them, because each came before anything could be committed: a third start would end there too.
    package func endsRecovery(of configuration: Digest) -> OpenCall? {
      guard configuration == self.configuration else { return nil }
      let ended = calls.filter { $0.isToBlame && $0.wasRecovering }
      return ended.first { call in ended.count { $0.caller == call.caller } >= OpenWork.strikes }
    }

    /// The input of the journal, outside of any call, to blame for two ends in a row while this configuration was brought
    /// back.
    package func inputEndingRecovery(of configuration: Digest) -> (number: Int64, OpenWork)? {
      guard configuration == self.configuration else { return nil }
      let ended = work.filter { $0.isToBlame && $0.wasRecovering }
      for work in ended where ended.count(where: { $0.subject == work.subject }) >= OpenWork.strikes {
        if case .input(let number) = work.subject { return (number, work) }
      }
      return nil
    }

    /// How often messages are to blame, by their hash.
    package var strikes: [UInt64: Int] {
      work.reduce(into: [:]) { strikes, work in
        if work.isToBlame, case .message(let hash) = work.subject { strikes[hash, default: 0] += 1 }
      }
    }
  }

  private static func contents(of path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    while bytes.count <= CallNoteImage.largest {
      let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
      }
      if chunk.isEmpty { return bytes }
      bytes += chunk
    }
    return []
  }
}

package enum CallNoteError: Error, Equatable, CustomStringConvertible {
  case cannotMake(String, String)
  case cannotRead(String, String)
  case notANote(String)
  case cannotWatch(String)
  case noPlace

  package var description: String {
    switch self {
    case .cannotMake(let path, let why): "cannot make the note of calls \(path): \(why)"
    case .cannotRead(let path, let why): "cannot read the note of calls \(path): \(why)"
    case .notANote(let path):
      "\(path) is damaged or of another version: what was called when the engine ended is not known"
    case .cannotWatch(let why): "cannot start the watchdog of calls: \(why)"
    case .noPlace: "more threads call Lua at once than the note of calls has places; this is a bug"
    }
  }
}
