import Foundation
import Testing

/// What a backtest says of money, as a person calls it.
@Suite struct BacktestMoneyTests {
  private static let plants = Workplace.root + "/Tests/Fixtures/plants"
  private static let data = MachineTemperatureTests.folder
  private static let machine = data + "/machine_temperature_system_failure.csv"

  /// The labelled failures as a list of losses.
  private func losses(in folder: String) throws -> String {
    struct Labels: Decodable { var labels: [String] }
    let labels = try JSONDecoder().decode(
      Labels.self, from: Data(contentsOf: URL(fileURLWithPath: Self.data + "/labels.json")))
    let path = folder + "/losses.csv"
    let rows = labels.labels.map { "machine1,\($0),25000\n" }.joined()
    try ("asset,start,cost\n" + rows).write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func nab(_ more: String...) throws -> Call? {
    guard FileManager.default.fileExists(atPath: Self.machine) else {
      print("not run: \(Self.data) is not there")
      return nil
    }
    return try Call(
      [
        "backtest", Self.plants + "/nab", "--data", Self.machine, "--asset", "machine1", "--column",
        "Temperature=value",
      ]
        + more)
  }

  @Test func a_real_machine_with_four_known_failures_comes_to_every_figure_expected() throws {
    let folder = try scratchFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    guard FileManager.default.fileExists(atPath: Self.data + "/labels.json"),
      let run = try nab("--losses", losses(in: folder), "--format", "json")
    else { return print("not run: \(Self.data) is not there") }
    #expect(run.status == 0, "\(run.errors)")
    let money = try #require(
      (JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])?["money"] as? [[String: Any]]
    ).first
    let expected = try String(contentsOfFile: Self.data + "/expected_nab1_low60_roi.csv", encoding: .utf8)
      .split(separator: "\n\n").map { $0.split(separator: "\n").map { $0.split(separator: ",").map(String.init) } }
    func number(_ name: String) -> Double? { (money?[name] as? NSNumber)?.doubleValue }
    func list(_ name: String) -> [[String: Any]] { money?[name] as? [[String: Any]] ?? [] }
    for row in expected[0].dropFirst() {
      let wanted = try #require(Double(row[1]))
      switch row[0] {
      case "threshold": continue
      case "fires": #expect(number("decisions") == wanted)
      case "labelled_failures": #expect(number("losses") == wanted)
      case "true_detections": #expect(Double(list("caught").count) == wanted)
      case "missed": #expect(Double(list("missed").count) == wanted)
      case "false_alarms": #expect(Double(list("false_alarms").count) == wanted)
      case "mean_lead_h": #expect(abs((number("mean_lead_h") ?? 0) - wanted) < 0.005)
      case "gross_avoided": #expect(number("gross") == wanted)
      case "check_cost": #expect(number("cost") == wanted)
      case "net": #expect(number("net") == wanted)
      case "precision_by_failure": #expect(abs((number("precision") ?? 0) - wanted) < 0.00005)
      case "recall": #expect(number("recall") == wanted)
      default: #expect(Bool(false), "a figure nobody compares: \(row[0])")
      }
    }
    let caught = list("caught").map {
      ["\($0["loss"] ?? "")", "\($0["decision"] ?? "")", String(format: "%.2f", ($0["lead_h"] as? Double) ?? 0)]
    }
    #expect(caught == Array(expected[1].dropFirst()))
    #expect(list("false_alarms").map { "\($0["time"] ?? "")" } == expected[2].dropFirst().map { $0[0] })
  }

  @Test func the_text_prints_what_it_rests_on_beside_the_result() throws {
    let folder = try scratchFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    guard FileManager.default.fileExists(atPath: Self.machine),
      let run = try nab("--losses", losses(in: folder), "--schedule", "30d")
    else { return }
    for line in [
      "gross             72 000 EUR", "net               67 200 EUR", "losses            4: 4 caught, 0 missed",
      "a decision helps from 0 s to 2 d before a loss", "cost: notification 400 EUR",
      "because: an unplanned stop costs 25 000, a planned one 7 000", "without the rule  100 000 EUR lost",
      "every 30 d: 3 checks", "by resampling 12 incidents",
    ] {
      #expect(run.output.contains(line), "\(line) in \(run.output)")
    }
  }

  @Test func a_limit_is_swept_with_the_end_of_the_history_kept_apart_and_a_warning() throws {
    let folder = try scratchFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    guard FileManager.default.fileExists(atPath: Self.machine),
      let run = try nab(
        "--losses", losses(in: folder), "--rule", "machine_cold", "--compare", "cold=50..65/4", "--format", "json")
    else { return }
    #expect(run.status == 0, "\(run.errors)")
    let sweep = try #require(
      (JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])?["sweep"] as? [String: Any])
    let points = try #require(sweep["points"] as? [[String: Any]])
    #expect(points.map { "\($0["value"] ?? "")" } == ["50", "55", "60", "65"])
    let all = points.map { point in
      ["train", "test"].compactMap { (point[$0] as? [String: Any])?["decisions"] as? Int }.reduce(0, +)
    }
    #expect(all[2] == 14, "both parts together are the whole")
    #expect(all[0] < all[3], "a lower limit fires less often")
    #expect("\(sweep["warning"] ?? "")".contains("flatters itself"))
  }

  /// The hold time decides whether the rule earns.
  @Test(arguments: [
    ("stopped_in_wind", 67, 134_500.0, -12_690.0), ("stopped_in_wind_long", 15, 68_200.0, 205.0),
  ])
  func energy_that_was_not_made_is_measured_in_the_data(
    rule: String, orders: Int, energy: Double, net: Double
  ) throws {
    let data = Workplace.root + "/.build-data/la-haute-borne-data-2014-2015.csv"
    if !FileManager.default.fileExists(atPath: data) {
      let fetched = try Call(program: "/usr/bin/make", "-s", "-C", Workplace.root, "wind-data")
      guard fetched.status == 0 else { return print("not run: 'make wind-data' failed: \(fetched.errors)") }
    }
    let run = try Call(
      "backtest", Self.plants + "/wind", "--data", data, "--rule", rule, "--order", "sorted", "--format", "json",
      "--column", "time=Date_time", "--column", "asset=Wind_turbine_name", "--column", "WindSpeed=Ws_avg", "--column",
      "Power=P_avg")
    #expect(run.status == 0, "\(run.errors)")
    let money = try #require(
      (JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])?["money"] as? [[String: Any]]
    ).first
    #expect(money?["decisions"] as? Int == orders)
    // The figures are given as "about": two parts in a thousand.
    let found = try #require((money?["energy_kwh"] as? NSNumber)?.doubleValue)
    #expect(abs(found - energy) < energy * 0.002, "\(found) kWh")
    let earned = try #require((money?["net"] as? NSNumber)?.doubleValue)
    #expect(abs(earned - net) < energy * 0.002 * 0.08, "\(earned) EUR")
    #expect(money?["loses_money"] as? Bool == (net < 0))
  }

  @Test(arguments: [
    ("asset,start\nmachine9,2014-01-01\n", "losses.csv:2: the site has no asset 'machine9' (did you mean 'machine1'?)"),
    ("asset,start,cost\nmachine1,2014-01-01,lots\n", "losses.csv:2: 'cost' is no amount: 'lots'"),
    ("asset,begin\nmachine1,2014-01-01\n", "losses.csv:1: unknown column 'begin'"),
    ("asset,start\nmachine1,yesterday\n", "losses.csv:2: 'start' is no time: 'yesterday'"),
    ("asset,start,end\nmachine1,2014-01-02,2014-01-01\n", "before it starts"),
    ("", "losses.csv:1: there is no header"),
  ])
  func what_is_wrong_in_a_list_of_losses_is_said_with_its_line(text: String, message: String) throws {
    let folder = try scratchFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try text.write(toFile: folder + "/losses.csv", atomically: true, encoding: .utf8)
    try "time,Temperature\n2014-01-01T00:00:00Z,70\n".write(
      toFile: folder + "/data.csv", atomically: true, encoding: .utf8)
    let run = try Call(
      "backtest", Self.plants + "/nab", "--data", folder + "/data.csv", "--asset", "machine1", "--losses",
      folder + "/losses.csv")
    #expect(run.status == 1)
    #expect(run.errors.contains(message), "\(run.errors)")
  }

  @Test(arguments: [
    (["--compare", "cold"], "say NAME=FIRST..LAST/COUNT"), (["--compare", "colt=1..2/3"], "did you mean 'cold'?"),
    (["--compare", "held_for=1,2"], "takes lengths of time"),
    (["--compare", "cold=1,2", "--split", "all"], "write it as 70%"),
    (["--schedule", "30d"], "--schedule goes with --losses"), (["--keep"], "it goes with --losses"),
  ])
  func what_is_wrong_with_a_call_is_said(arguments: [String], message: String) throws {
    let folder = try scratchFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try "time,Temperature\n2014-01-01T00:00:00Z,70\n2014-01-02T00:00:00Z,70\n".write(
      toFile: folder + "/data.csv", atomically: true, encoding: .utf8)
    let run = try Call(
      ["backtest", Self.plants + "/nab", "--data", folder + "/data.csv", "--asset", "machine1"] + arguments)
    #expect(run.status == 2, "\(run.output)")
    #expect(run.errors.contains(message), "\(run.errors)")
  }
}
