/// Finds a number by bytes, so that names in a message need not become strings first.
struct ByteTable: Sendable {
  private var slots: [Int32]
  private var keys: [[UInt8]] = []
  private var numbers: [Int] = []

  init() { slots = Array(repeating: -1, count: 16) }

  var count: Int { keys.count }

  subscript(_ key: UnsafeBufferPointer<UInt8>) -> Int? {
    let slot = slots[place(of: key)]
    return slot < 0 ? nil : numbers[Int(slot)]
  }
  subscript(_ key: [UInt8]) -> Int? { key.withUnsafeBufferPointer { self[$0] } }
  subscript(_ key: String) -> Int? { self[Array(key.utf8)] }

  /// Sets what the key stands for.
  mutating func set(_ key: [UInt8], _ number: Int) {
    let at = key.withUnsafeBufferPointer { place(of: $0) }
    if slots[at] >= 0 {
      numbers[Int(slots[at])] = number
      return
    }
    slots[at] = Int32(keys.count)
    keys.append(key)
    numbers.append(number)
    if keys.count * 2 > slots.count { grow() }
  }

  mutating func removeAll() { self = ByteTable() }

  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 2)
    for (number, key) in keys.enumerated() {
      slots[key.withUnsafeBufferPointer { place(of: $0) }] = Int32(number)
    }
  }

  /// The slot that holds the key, or the free one it would take. At most half the slots are ever taken.
  private func place(of key: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(key))
    var place = hasher.finalize() & (slots.count - 1)
    while slots[place] >= 0 {
      let found = keys[Int(slots[place])]
      if found.count == key.count,
        found.withUnsafeBufferPointer({ same($0, key) })
      {
        return place
      }
      place = (place + 1) & (slots.count - 1)
    }
    return place
  }

  @inline(__always) private func same(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    for place in 0..<b.count where a[place] != b[place] { return false }
    return true
  }
}
