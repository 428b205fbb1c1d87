import Demo
import Rules
import Testing

@Suite struct DemoClockTests {
  private let begin = Instant(rfc3339: "2026-03-01T10:00:00Z")!

  @Test func plant_time_is_real_time_times_speed() {
    let clock = DemoClock(start: begin, speed: 60)
    #expect(clock.real(.minutes(60)) == .seconds(60))
    #expect(clock.realWait(until: begin - .seconds(1)) == .zero)
    #expect(clock.realWait(until: begin + .minutes(60)) <= .seconds(60))
  }

  @Test func it_begins_at_its_start_and_never_goes_back() {
    let clock = DemoClock(start: begin, speed: 1000)
    let moments = (0..<1000).map { _ in clock.wall() }
    #expect(moments[0] >= begin)
    #expect(moments == moments.sorted())
  }

  @Test(arguments: [0, -1, .nan, .infinity]) func a_speed_that_is_none_is_taken_as_one(_ speed: Double) {
    #expect(DemoClock(start: begin, speed: speed).speed == 1)
  }
}
