import Rules
import Site
import Testing

/// A site of one pump with these limits of rule `r`.
private func limits(_ written: String) throws -> [String: LimitValue] {
  let scratch = try Scratch(copying: "Tests/Fixtures/sites/unknown_parent")
  try scratch.write(
    "site/assets.yaml",
    """
    classes:
      Pump:
        tags: {Flow: {type: number, unit: m3/h, stale_after: 60 s}}
    assets:
      P-1:
        class: Pump
        limits:
          r: {\(written)}
    """)
  return try scratch.read().model.assets.first { $0.name == "P-1" }?.limits["r"] ?? [:]
}

@Test func a_limit_is_overridden_by_a_value_of_any_kind() throws {
  let curve = try #require(Curve([Curve.Point(0, 0), Curve.Point(110, 35)]))
  #expect(
    try limits("low: 0.5, pause: 10 min, mode: Holding, code: '7', line: [[0, 0], [110, 35]]") == [
      "low": 0.5, "pause": .duration(.minutes(10)), "mode": .state("Holding"), "code": .state("7"),
      "line": .curve(curve),
    ])
}

@Test(arguments: [
  ("line: [[0, 0], [0, 35]]", "the curve 'line' needs points whose first number rises: [[0, 0], [120, 35]]"),
  ("line: [[0, 0], [a, 35]]", "a point of the curve 'line' is two numbers: [120, 35]"),
  ("line: [1, 2]", "a point of the curve 'line' is two numbers: [120, 35]"),
  ("low: inf", "'low' must be a finite number, not 'inf'"),
  ("low: ''", "'low' is empty; give it a value or remove it"),
  (
    "low: {from: 1}",
    "'low' must be a number, a duration such as '10 min', a state, or a curve such as [[0, 0], [120, 35]], not a table"
  ),
])
func an_override_that_is_no_limit_is_refused_with_its_line(written: String, message: String) throws {
  let refused = #expect(throws: SiteFindings.self) { try limits(written) }
  #expect(refused?.list.map(\.description) == ["site/assets.yaml:8: \(message)"])
}
