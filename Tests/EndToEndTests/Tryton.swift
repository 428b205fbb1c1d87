import Campaigns
import Delivery
import Demo
import Foundation
import Rules
import Scripting
import Synchronization
import Testing

/// A real Tryton on a free port of 127.0.0.1, with a company, a product, a crew that costs 60 an hour and two
/// application keys in a database of its own.
final class Tryton: Sendable {
  /// What the database was made with: see Tests/Fixtures/tryton/seed.py.
  struct Seed: Decodable {
    var company: Int
    var currency: String
    var product: Int
    var crew: Int
    var operation: Int
    var key: String
    /// The record of that key.
    var keyNumber: Int
    var secondKey: String
  }

  /// The address of its database.
  let url: String
  let seed: Seed
  private let port: Int
  private let folder: String
  private let server = Mutex<ChildProcess?>(nil)
  private static let script = Workplace.root + "/Tests/Fixtures/tryton/tryton.sh"

  /// Installs it first where that was never done: a minute or two, from PyPI.
  init(folder: String) throws {
    self.folder = folder
    port = freePort()
    url = "http://127.0.0.1:\(port)/erp"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let log = folder + "/prepare.log"
    let preparing = try ChildProcess(Self.script, ["prepare"], log: log)
    guard preparing.wait(seconds: 500), preparing.exitCode == 0 else {
      preparing.kill()
      throw DidNotHappen(what: "Tryton is installed: \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
    }
    let template = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").last.map(String.init) ?? ""
    seed = try JSONDecoder().decode(Seed.self, from: Data(contentsOf: URL(filePath: template + "/seed.json")))
    try start()
  }

  deinit { kill() }

  /// Returns when it answers.
  func start() throws {
    let log = folder + "/tryton.log"
    let child = try ChildProcess(Self.script, ["serve", folder, "\(port)"], log: log)
    server.withLock { $0 = child }
    try eventually("Tryton answers") {
      if !child.isRunning {
        throw DidNotHappen(what: "Tryton runs: \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
      }
      guard accepts(port: port), case .response(let answer) = try exchange(get("production?s=1&f=state")) else {
        return false
      }
      return answer.status == 200
    }
  }

  /// Ends it as a power cut would.
  func kill() { server.withLock { $0 }?.kill() }

  // MARK: Over its own interface

  /// Sends a request as an adapter made it, with the key it may not see.
  func exchange(_ request: HTTPRequest, key: String? = nil) throws -> HTTPResult {
    let client = try HTTPClient(
      settings: AdapterSettings(name: "tryton", integration: "tryton", baseURL: url, plainOnLoopback: true))
    return client.perform(request, adding: [("Authorization", "Bearer \(key ?? seed.key)")])
  }

  /// Presses a button, as a person does in Tryton's own client: `press("production", 7, "run")`.
  func press(_ model: String, _ record: Int, _ button: String, key: String? = nil) throws {
    try send("POST", "\(model)/\(record)/\(button)?f=id", "{}", key)
  }

  func write(_ model: String, _ record: Int, _ values: String) throws {
    try send("PUT", "\(model)/\(record)?f=id", values, nil)
  }

  /// Makes a record of the seed's company.
  func create(_ model: String, _ values: String) throws {
    let context = Data(#"{"company": \#(seed.company)}"#.utf8).base64EncodedString()
    try send("POST", "\(model)?f=id", values, nil, [("X-Tryton-Context", context)])
  }

  /// Records with some fields; names of fields may have dots.
  func records(_ model: String, _ fields: String..., key: String? = nil) throws -> [Tree] {
    let list = try read("\(model)?" + fields.map { "f=\($0)" }.joined(separator: "&"), key: key)
    guard case .list(let records) = list else { throw DidNotHappen(what: "Tryton gives a list: \(list)") }
    return records
  }

  func read(_ path: String, key: String? = nil) throws -> Tree {
    guard case .response(let answer) = try exchange(get(path), key: key), answer.status == 200,
      let body = JSONText.read(answer.body)
    else { throw DidNotHappen(what: "Tryton gives \(path)") }
    return body
  }

  private func send(
    _ method: String, _ path: String, _ body: String, _ key: String?, _ headers: [(name: String, value: String)] = []
  ) throws {
    let result = try exchange(
      HTTPRequest(
        method: method, path: "/rest/model/" + path, headers: [("Content-Type", "application/json")] + headers,
        body: Array(body.utf8)), key: key)
    guard case .response(let answer) = result, answer.status == 200 else {
      throw DidNotHappen(what: "Tryton takes \(method) \(path): \(result)")
    }
  }

  private func get(_ path: String) -> HTTPRequest {
    HTTPRequest(
      method: "GET", path: "/rest/model/" + path, headers: [("Accept", "application/json")], body: [])
  }

  /// Does the work of a production with one work and closes it: 90 minutes of the crew, so 90 of the currency.
  func complete(_ production: Int) throws {
    for button in ["wait", "assign_try", "run"] { try press("production", production, button) }
    let works = try read("production/\(production)?f=works")["works"]
    guard case .list(let ids)? = works, case .number(let work)? = ids.first else {
      throw DidNotHappen(what: "production \(production) has a work")
    }
    try press("production.work", Int(work), "start")
    let cycles = try read("production.work/\(Int(work))?f=cycles")["cycles"]
    guard case .list(let ids)? = cycles, case .number(let cycle)? = ids.first else {
      throw DidNotHappen(what: "work \(work) has begun")
    }
    try write("production.work.cycle", Int(cycle), #"{"duration": {"__class__": "timedelta", "seconds": 5400}}"#)
    try press("production.work", Int(work), "stop")
    try press("production", production, "do")
  }
}
