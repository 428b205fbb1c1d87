/// Where the wall clock comes from: the system's in a plant, a faster one in the demo, a script in tests.
/// Sources stamp arrivals with it and the engine derives ticks from it; the evaluator never sees it.
package typealias WallClock = @Sendable () -> Instant
