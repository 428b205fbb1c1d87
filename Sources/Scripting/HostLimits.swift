import CLua
import Rules

/// The limits of one asset as the host in C takes them, in memory of its own.
final class HostLimits {
  /// Held so that no other table can come to be known as this one.
  let table: LimitTable
  private let limits: UnsafeMutableBufferPointer<MWLimit>
  private var texts: [UnsafeMutableBufferPointer<CChar>] = []
  private var curves: [UnsafeMutableBufferPointer<Double>] = []

  init(_ table: LimitTable) {
    self.table = table
    limits = .allocate(capacity: table.count)
    limits.initialize(repeating: MWLimit())
    for (place, value) in table.values.enumerated() {
      switch value {
      case .number, .duration:
        limits[place].kind = MW_LIMIT_NUMBER
        limits[place].number = value.number
      case .state(let text):
        let bytes = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count)
        _ = bytes.initialize(from: text.utf8.map(CChar.init(bitPattern:)))
        texts.append(bytes)
        limits[place].kind = MW_LIMIT_TEXT
        limits[place].text = UnsafePointer(bytes.baseAddress)
        limits[place].length = bytes.count
      case .curve(let curve):
        let points = UnsafeMutableBufferPointer<Double>.allocate(capacity: 2 * curve.points.count)
        _ = points.initialize(from: curve.points.flatMap { [$0.x, $0.y] })
        curves.append(points)
        limits[place].kind = MW_LIMIT_CURVE
        limits[place].points = UnsafePointer(points.baseAddress)
        limits[place].count = Int32(clamping: curve.points.count)
      }
    }
  }

  deinit {
    limits.deallocate()
    for text in texts { text.deallocate() }
    for curve in curves { curve.deallocate() }
  }

  /// Lives as long as this does.
  var start: UnsafePointer<MWLimit>? { UnsafePointer(limits.baseAddress) }
}
