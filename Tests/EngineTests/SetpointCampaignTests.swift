import Foundation
import Rules
import Testing

/// Requests of all sorts through policy, gate and a queue that delays, against a plain judge of their own.
@Suite struct SetpointCampaignTests {
  /// A few seconds, or with MILLWRIGHT_CAMPAIGN=large as long as it takes; MILLWRIGHT_SEED repeats one.
  private static let environment = ProcessInfo.processInfo.environment
  private static let isLarge = environment["MILLWRIGHT_CAMPAIGN"] == "large"
  private static let size = isLarge ? 5_000_000 : 100_000
  private static let seed =
    environment["MILLWRIGHT_SEED"].flatMap(UInt64.init) ?? (isLarge ? .random(in: 0 ... .max) : 20_260_301)

  @Test func of_a_hundred_thousand_setpoint_requests_exactly_those_are_sent_that_a_plain_judge_allows() {
    var (requests, sent, worlds) = (0, 0, UInt64(0))
    var reasons: [String: Int] = [:]
    while requests < Self.size {
      var world = SetpointWorld(seed: Self.seed &+ worlds)
      world.run(steps: 400)
      worlds += 1
      requests += world.requests
      sent += world.sent
      reasons.merge(world.reasons, uniquingKeysWith: +)
      #expect(world.complaints == [], "seed \(Self.seed &+ worlds &- 1)")
      if !world.complaints.isEmpty { return }
    }
    // The campaign reaches everything it is about.
    #expect(sent > Self.size / 100)
    for word in [
      "notgoodsoitcannotbechangedrelatively", "noconduit", "leadsthrough", "nofinite", "toolate", "notbelieved",
      "isoutside", "presentvalue", "largerstep", "permissiveRemoteisnotgood", "permissiveRemoteisoff", "isopenuntil",
    ] {
      let count = reasons.filter { $0.key.contains(word) }.values.reduce(0, +)
      #expect(count > 20, "\(word): \(count) of \(requests) requests, \(sent) sent")
    }
  }
}
