import Foundation
import Rules
import Testing

/// `millwright backtest` as a person calls it.
@Suite struct BacktestTests {
  private static let plants = Workplace.root + "/Tests/Fixtures/plants"
  private static let machine = MachineTemperatureTests.folder + "/machine_temperature_system_failure.csv"

  /// `rule,asset,seq,event,time,since`: the expected file beside the data has the quantity, too, and names of its own.
  private func expected() throws -> [String] {
    try String(contentsOfFile: MachineTemperatureTests.folder + "/expected_nab1_low60.csv", encoding: .utf8)
      .split(separator: "\n").dropFirst().map { line in
        let fields = line.split(separator: ",")
        return "machine_cold,machine1,\(fields[2]),\(fields[3]),\(fields[4]),\(fields[6])"
      }
  }

  @Test(arguments: ["arrival", "sorted"])
  func a_real_machine_runs_cold_exactly_when_expected(order: String) throws {
    guard FileManager.default.fileExists(atPath: Self.machine) else {
      return print("not run: \(MachineTemperatureTests.folder) is not there")
    }
    let run = try Call(
      "backtest", Self.plants + "/nab", "--data", Self.machine, "--asset", "machine1", "--column", "Temperature=value",
      "--order", order, "--format", "csv")
    #expect(run.status == 0, "\(run.errors)")
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(lines.first == "rule,asset,seq,event,time,since")
    #expect(try Array(lines.dropFirst()) == expected())
  }

  @Test(arguments: [("stopped_in_wind", 67), ("stopped_in_wind_long", 15)])
  func turbines_stood_in_the_wind_as_often_as_was_counted(rule: String, decisions: Int) throws {
    let data = Workplace.root + "/.build-data/la-haute-borne-data-2014-2015.csv"
    if !FileManager.default.fileExists(atPath: data) {
      let fetched = try Call(program: "/usr/bin/make", "-s", "-C", Workplace.root, "wind-data")
      guard fetched.status == 0 else { return print("not run: 'make wind-data' failed: \(fetched.errors)") }
    }
    let run = try Call(
      "backtest", Self.plants + "/wind", "--data", data, "--rule", rule, "--order", "sorted", "--format", "csv",
      "--column", "time=Date_time", "--column", "asset=Wind_turbine_name", "--column", "WindSpeed=Ws_avg", "--column",
      "Power=P_avg"
    )
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.split(separator: "\n").count { $0.contains(",FIRE,") } == decisions)
  }

  @Test func a_call_that_takes_too_long_ends_what_is_said_of_its_rule_and_none_of_it_is_priced() throws {
    let folder = try scratchFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var rows = "time,asset,WindSpeed,Power\n"
    for minute in 0..<300 {
      rows += "\(1_388_570_400 + minute * 600),R80711,\(minute == 200 ? 25 : 8),\(minute % 9 == 0 ? 100 : -1)\n"
    }
    try rows.write(toFile: folder + "/wind.csv", atomically: true, encoding: .utf8)
    let rule = try String(contentsOfFile: Self.plants + "/wind/rules/stopped_in_wind.lua", encoding: .utf8)
    func run(_ text: String) throws -> Call {
      try text.write(toFile: folder + "/stopped_in_wind.lua", atomically: true, encoding: .utf8)
      return try Call(
        "backtest", Self.plants + "/wind", "--data", folder + "/wind.csv", "--rule", folder + "/stopped_in_wind.lua")
    }
    let good = try run(rule)
    #expect(good.status == 0 && good.output.contains("stopped_in_wind in money"), "\(good.errors)")
    let endless =
      "if turbine.wind > 20 then local a, b = 1e308, 3e-308 while true do a = 1e308 % b a = a % b end end return"
    let long = try run(rule.replacingOccurrences(of: "return turbine.wind >=", with: "\(endless) turbine.wind >="))
    #expect(long.status == 1 && !long.output.contains("in money"), "\(long.output)")
    #expect(long.errors.contains("stopped_in_wind.lua:7: took 0.2"), "\(long.errors)")
    #expect(long.errors.contains("not evaluated from there, and none of its decisions is priced"), "\(long.errors)")
  }

  @Test func the_number_of_threads_changes_nothing() throws {
    let folder = try scratchFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var rows = "time,asset,WindSpeed,Power\n"
    for minute in 0..<2000 {
      for (place, turbine) in ["R80711", "R80721", "R80736", "R80790"].enumerated() {
        rows += "\(1_772_359_200 + minute * 600),\(turbine),8,\((minute / (place + 9)) % 3 == 0 ? -1 : 100)\n"
      }
    }
    try rows.write(toFile: folder + "/wind.csv", atomically: true, encoding: .utf8)
    let runs = try [1, 2, 3, 7].map { threads in
      try Call(
        "backtest", Self.plants + "/wind", "--data", folder + "/wind.csv", "--format", "json", "--threads", "\(threads)"
      ).output
    }
    #expect(runs[0].contains("\"FIRE\""))
    #expect(runs.allSatisfy { $0 == runs[0] })
  }

  @Test func several_files_are_one_history_and_a_rule_outside_the_folder_is_taken() throws {
    let folder = try scratchFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let text = try String(contentsOfFile: Self.plants + "/nab/rules/machine_cold.lua", encoding: .utf8)
    try text.replacingOccurrences(of: "cold = 60", with: "cold = 50").write(
      toFile: folder + "/machine_colder.lua", atomically: true, encoding: .utf8)
    // 55 degF from 10:00 to 10:50: cold for half an hour at 10:30, never colder than 50.
    let ten = 1_772_359_200
    func file(_ name: String, _ minutes: [Int]) throws -> String {
      let rows = minutes.map { "\(ten + $0 * 60),55\n" }.joined()
      try ("time,Temperature\n" + rows).write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
      return folder + "/" + name
    }
    let even = try file("even.csv", [0, 10, 20, 30, 40, 50])
    let odd = try file("odd.csv", [5, 15, 25, 35, 45])
    let run = try Call(
      "backtest", Self.plants + "/nab", "--rule", "machine_cold", "--rule", folder + "/machine_colder.lua", "--data",
      even,
      odd, "--asset", "machine1", "--format", "csv")
    #expect(
      run.output == """
        rule,asset,seq,event,time,since
        machine_cold,machine1,1,FIRE,2026-03-01T10:30:00Z,2026-03-01T10:00:00Z

        """, "\(run.errors)")
  }

  @Test func the_text_shows_decisions_their_evidence_and_how_good_the_data_are() throws {
    let folder = try scratchFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var rows = "time,Temperature\n"
    for minute in stride(from: 0, to: 60, by: 5) { rows += "\(1_772_359_200 + minute * 60),\(minute < 10 ? 80 : 55)\n" }
    try (rows + "1772359200,81\nnever,1\n").write(toFile: folder + "/m.csv", atomically: true, encoding: .utf8)
    let run = try Call("backtest", Self.plants + "/nab", "--data", folder + "/m.csv", "--asset", "machine1")
    #expect(run.status == 0)
    // Cold from 10:10, so decided at 10:40; the row of 10:00 at the end is late.
    #expect(run.output.contains("machine_cold  Machine running cold: 1 decision"))
    #expect(run.output.contains("1  FIRE  2026-03-01T10:40:00Z  since 2026-03-01T10:10:00Z  temperature 55 degF"))
    #expect(run.output.contains("55 to 80, a character is"))
    #expect(run.output.contains("m.csv:15: no time can be read"))
    let table = run.output.split(separator: "\n").first { $0.hasPrefix("machine1 ") }
    #expect(
      table?.split(whereSeparator: \.isWhitespace).dropFirst().prefix(6) == ["Temperature", "13", "5", "min", "1", "0"])
  }

  @Test(arguments: [
    (["--data", "none.csv"], 3, "cannot open none.csv: No such file or directory"),
    ([], 2, "Say --data FILE or --from NAME"), (["--data", "x", "--from", "journal"], 2, "two histories"),
    (["--data", "x", "--since", "2026-03-01T00:00:00Z"], 2, "files are read whole"),
    (["--from", "sql", "--until", "2026-03-01T00:00:00Z"], 2, "between --since and --until"),
    (["--from", "journal", "--since", "2026-03-01"], 2, "write it as 2026-01-01T00:00:00Z"),
    (["--from", "journal"], 3, "there is no such file"),
    (["--data", "x", "--decimal", ":"], 2, "--decimal is '.' or ','"),
    (["--data", "x", "--time-zone", "Europe/Pariss"], 2, "did you mean 'Europe/Paris'?"),
    (["--data", "x", "--rule", "machine_colt"], 1, "did you mean 'machine_cold'?"),
  ])
  func what_is_wrong_with_a_call_is_said(arguments: [String], status: Int32, message: String) throws {
    let run = try Call(["backtest", Self.plants + "/nab"] + arguments)
    #expect(run.status == status)
    #expect(run.errors.contains(message))
  }
}

func scratchFolder() throws -> String {
  let path = NSTemporaryDirectory() + "/backtest-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  return path
}

/// One call of a program, to its end.
struct Call {
  var status: Int32
  var output: String
  var errors: String

  init(_ arguments: String...) throws { try self.init(arguments) }
  init(program: String, _ arguments: String...) throws { try self.init(arguments, program: program) }

  init(_ arguments: [String], program: String? = nil) throws {
    let folder = try scratchFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program ?? Workplace.command)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let files = ["out", "err"].map { URL(fileURLWithPath: folder + "/" + $0) }
    for file in files { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(contentsOf: files[0], encoding: .utf8)
    errors = try String(contentsOf: files[1], encoding: .utf8)
  }
}
