/// What was, in the order in which it came or is to be taken: files, a historian, the journal. Read once, by one thread.
package protocol PastInputs: AnyObject {
  /// Appends the next inputs, a few thousand at a time; false when these were the last.
  func read(into inputs: inout [Input]) throws -> Bool
}
