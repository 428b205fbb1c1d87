import Foundation

/// How large random campaigns are: a few seconds, or with MILLWRIGHT_CAMPAIGN=large as long as it takes.
enum Campaign {
  static let isLarge = ProcessInfo.processInfo.environment["MILLWRIGHT_CAMPAIGN"] == "large"
  static func size(_ small: Int, large: Int) -> Int { isLarge ? large : small }
  /// The same seed each time in `make test`, a new one in the large campaigns; MILLWRIGHT_SEED repeats one.
  static let seed =
    ProcessInfo.processInfo.environment["MILLWRIGHT_SEED"].flatMap(UInt64.init)
    ?? (isLarge ? .random(in: 0 ... .max) : 20_260_301)
}
