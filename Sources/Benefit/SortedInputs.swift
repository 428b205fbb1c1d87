import Foundation
import Rules

/// Everything that a reader gives, sorted by time; what has the same time keeps its order. What does not fit in memory
/// goes through a file that has no name and is gone with the process.
package final class SortedInputs: PastInputs {
  private let reader: any PastInputs
  private let most: Int
  private let folder: String
  private var merged: MergedInputs?

  /// `most` inputs are held at once.
  package init(_ reader: any PastInputs, holding most: Int = 500_000, folder: String = NSTemporaryDirectory()) {
    self.reader = reader
    self.most = most
    self.folder = folder
  }

  package func read(into inputs: inout [Input]) throws -> Bool {
    if merged == nil { merged = try sort() }
    return try merged?.read(into: &inputs) ?? false
  }

  private func sort() throws -> MergedInputs {
    var runs: [any PastInputs] = []
    var held: [Input] = []
    var goesOn = true
    while goesOn {
      goesOn = try reader.read(into: &held)
      if held.count >= most, goesOn {
        runs.append(try StoredRun(SortedInputs.sorted(held), folder: folder))
        held.removeAll(keepingCapacity: true)
      }
    }
    runs.append(HeldRun(SortedInputs.sorted(held)))
    return MergedInputs(runs)
  }

  /// What has no time of its own stays behind what came before it.
  private static func sorted(_ inputs: [Input]) -> [Input] {
    var times: [Instant] = []
    times.reserveCapacity(inputs.count)
    var isSorted = true
    for input in inputs {
      let before = times.last ?? .distantPast
      let time = input.time ?? before
      if time < before { isSorted = false }
      times.append(time)
    }
    if isSorted { return inputs }
    return inputs.indices.sorted { (times[$0], $0) < (times[$1], $1) }.map { inputs[$0] }
  }
}

/// A sorted run in memory.
private final class HeldRun: PastInputs {
  private let inputs: [Input]
  private var place = 0
  init(_ inputs: [Input]) { self.inputs = inputs }

  func read(into inputs: inout [Input]) throws -> Bool {
    let end = min(place + 4096, self.inputs.count)
    inputs.append(contentsOf: self.inputs[place..<end])
    place = end
    return place < self.inputs.count
  }
}

/// A sorted run on disk, in the journal's own code, block by block. Lives as long as its file is open.
private final class StoredRun: PastInputs {
  private let file: UnsafeMutablePointer<FILE>
  private var left: Int

  init(_ inputs: [Input], folder: String) throws {
    var path = Array((folder + "/millwright-sort-XXXXXX").utf8CString)
    let descriptor = mkstemp(&path)
    guard descriptor >= 0, let opened = fdopen(descriptor, "w+") else {
      throw SortError(what: "cannot make a file to sort in \(folder): \(String(cString: strerror(errno)))")
    }
    unlink(path)
    file = opened
    left = 0
    var place = 0
    while place < inputs.count {
      let end = min(place + 1024, inputs.count)
      var writer = ByteWriter()
      writer.integer(end - place)
      for input in inputs[place..<end] { input.encode(into: &writer) }
      var size = UInt32(writer.bytes.count)
      guard fwrite(&size, 4, 1, file) == 1, fwrite(writer.bytes, 1, writer.bytes.count, file) == writer.bytes.count
      else {
        throw SortError(what: "cannot write what is to be sorted in \(folder): \(String(cString: strerror(errno)))")
      }
      left += 1
      place = end
    }
    guard fflush(file) == 0 else {
      throw SortError(what: "cannot write what is to be sorted in \(folder): \(String(cString: strerror(errno)))")
    }
    rewind(file)
  }

  deinit { fclose(file) }

  func read(into inputs: inout [Input]) throws -> Bool {
    guard left > 0 else { return false }
    var size: UInt32 = 0
    guard fread(&size, 4, 1, file) == 1 else { throw SortError(what: "cannot read back what was sorted") }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    guard fread(&bytes, 1, bytes.count, file) == bytes.count else {
      throw SortError(what: "cannot read back what was sorted")
    }
    var reader = ByteReader(bytes)
    for _ in 0..<(try reader.integer() as Int64) { inputs.append(try Input(from: &reader)) }
    left -= 1
    return left > 0
  }
}

package struct SortError: Error, CustomStringConvertible {
  package var what: String
  package var description: String { what }
}
