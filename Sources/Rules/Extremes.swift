/// The least value of any run of marks, for all windows on a tag at once: a monotonic queue that remembers what it let
/// go of. Each mark knows the nearest one before it that is less; from the last mark of a run those links lead down to
/// the least of it. Longer links beside them (a skew-binary jump each) make that a dozen steps at most, also where the
/// values only ever rise and every mark is on the way.
struct Extremes: Sendable {
  struct Node: Sendable {
    /// Infinite where there is none: a mark that is not good.
    var value: Double
    /// The nearest before it that is less; -1 when none is.
    var less: Int32
    /// One further down that way.
    var jump: Int32
    var depth: Int32
  }
  private(set) var nodes: [Node] = []

  mutating func append(_ value: Double) {
    var less = Int32(nodes.count - 1)
    while less >= 0, nodes[Int(less)].value >= value { less = nodes[Int(less)].less }
    let near = depth(less)
    let far = jump(less)
    nodes.appendSparingly(
      Node(
        value: value, less: less, jump: near - depth(far) == depth(far) - depth(jump(far)) ? jump(far) : less,
        depth: near + 1))
  }

  /// The least of the marks from `left` to `right`, both included.
  func least(_ left: Int, _ right: Int, _ steps: inout Int) -> Double {
    var place = right
    while true {
      steps += 1
      let node = nodes[place]
      if Int(node.less) < left { return node.value }
      place = Int(node.jump) >= left ? Int(node.jump) : Int(node.less)
    }
  }

  mutating func removeLast() { nodes.removeLast() }

  mutating func removeAll() { nodes.removeAll() }

  /// Begins again with these: places have moved.
  mutating func replace(_ values: [Double]) {
    nodes.removeAll(keepingCapacity: true)
    for value in values { append(value) }
  }

  private func depth(_ place: Int32) -> Int32 { place < 0 ? 0 : nodes[Int(place)].depth }
  private func jump(_ place: Int32) -> Int32 { place < 0 ? -1 : nodes[Int(place)].jump }
}
