import Foundation
import FoundationNetworking
import Glibc
import Historian
import Rules

/// A server that a test started on loopback: ended by its process id when the test lets go of it.
final class Started {
  private let process = Process()
  let folder: URL

  init(_ program: String, _ arguments: [String], in folder: URL) throws {
    self.folder = folder
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let log = folder.appendingPathComponent("log").path
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    process.standardOutput = FileHandle(forWritingAtPath: log)
    process.standardError = FileHandle(forWritingAtPath: log)
    try process.run()
  }

  deinit {
    // SIGINT: PostgreSQL then ends at once and does not wait for its clients.
    process.interrupt()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Asks until it is there; false when it ended or takes longer than half a minute.
  func isReady(_ asks: () -> Bool) -> Bool {
    for _ in 0..<300 {
      guard process.isRunning else { return false }
      if asks() { return true }
      // A server of its own process: there is nothing to be woken by.
      usleep(100_000)
    }
    return false
  }

  static func newFolder() throws -> URL {
    let folder = URL(fileURLWithPath: "/tmp/millwright-historian-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}

struct NotThere: Error, CustomStringConvertible {
  var description: String
}

/// A port that nobody listens on now.
func freePort() throws -> Int {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = inet_addr("127.0.0.1")
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let bound = withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
    }
  }
  guard bound else { throw NotThere(description: "no port is free") }
  return Int(UInt16(bigEndian: address.sin_port))
}

@discardableResult
func run(_ program: String, _ arguments: [String], input: String? = nil, adding: [String: String] = [:]) throws -> Int32
{
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(adding) { $1 }
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  let pipe = Pipe()
  process.standardInput = pipe
  try process.run()
  if let input { try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
  try pipe.fileHandleForWriting.close()
  process.waitUntilExit()
  return process.terminationStatus
}

/// A real InfluxDB, empty but for what a test writes.
final class Influx {
  let url: String
  private let server: Started

  init() throws {
    let folder = try Started.newFolder()
    let (http, rpc) = (try freePort(), try freePort())
    url = "http://127.0.0.1:\(http)"
    let settings = """
      reporting-disabled = true
      bind-address = "127.0.0.1:\(rpc)"
      [meta]
        dir = "\(folder.path)/meta"
      [data]
        dir = "\(folder.path)/data"
        wal-dir = "\(folder.path)/wal"
      [http]
        bind-address = "127.0.0.1:\(http)"
        log-enabled = false
        max-row-limit = 1000
      [monitor]
        store-enabled = false
      """
    let file = folder.appendingPathComponent("influxdb.conf")
    try settings.write(to: file, atomically: true, encoding: .utf8)
    server = try Started("/usr/bin/influxd", ["run", "-config", file.path], in: folder)
    let address = url
    guard server.isReady({ (try? Influx.post("\(address)/query?q=CREATE%20DATABASE%20plant", "")) == 200 }) else {
      throw NotThere(description: "influxd does not start; it is in the package influxdb")
    }
  }

  /// Line protocol, times in nanoseconds.
  func write(_ lines: [String]) throws {
    let status = try Influx.post("\(url)/write?db=plant&precision=ns", lines.joined(separator: "\n"))
    guard status == 204 else { throw NotThere(description: "influxd answers \(status) to a write") }
  }

  private static func post(_ address: String, _ body: String) throws -> Int {
    guard let url = URL(string: address) else { throw NotThere(description: address) }
    var request = URLRequest(url: url)
    request.httpMethod = "POST"
    request.httpBody = Data(body.utf8)
    let answered = DispatchSemaphore(value: 0)
    // Written before the semaphore is signalled, read after.
    nonisolated(unsafe) var status = 0
    URLSession.shared.dataTask(with: request) { _, response, _ in
      status = (response as? HTTPURLResponse)?.statusCode ?? 0
      answered.signal()
    }.resume()
    answered.wait()
    return status
  }
}

/// A real PostgreSQL with one user, `reader`, and a password.
final class Postgres {
  /// Of the newest version that is installed.
  static let programs: String = {
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    return "/usr/lib/postgresql/\(versions.compactMap(Int.init).max() ?? 0)/bin"
  }()
  let port: Int
  let password = "wet-stone-7"
  private let server: Started

  init() throws {
    let folder = try Started.newFolder()
    port = try freePort()
    let secret = folder.appendingPathComponent("pw")
    try password.write(to: secret, atomically: true, encoding: .utf8)
    // It refuses to run as root.
    let isRoot = geteuid() == 0
    if isRoot { try run("/usr/bin/chown", ["-R", "postgres", folder.path]) }
    let asUser = isRoot ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
    let made = try run(
      "/usr/bin/setpriv",
      asUser + [
        "\(Postgres.programs)/initdb", "-D", "\(folder.path)/data", "-U", "reader", "-A", "scram-sha-256", "--pwfile",
        secret.path, "--no-sync", "-E", "UTF8", "--locale=C",
      ])
    guard made == 0 else { throw NotThere(description: "initdb fails; it is in the package postgresql") }
    server = try Started(
      "/usr/bin/setpriv",
      asUser + [
        "\(Postgres.programs)/postgres", "-D", "\(folder.path)/data", "-p", "\(port)", "-h", "127.0.0.1", "-k",
        folder.path, "-c", "fsync=off", "-c", "timezone=America/St_Johns",
      ], in: folder)
    let port = port
    guard server.isReady({ (try? run("\(Postgres.programs)/pg_isready", ["-h", "127.0.0.1", "-p", "\(port)"])) == 0 })
    else { throw NotThere(description: "postgres does not start") }
  }

  func execute(_ sql: String) throws {
    let status = try run(
      "/usr/bin/psql",
      ["-X", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", "\(port)", "-U", "reader", "-d", "postgres"], input: sql,
      adding: ["PGPASSWORD": password, "PGTZ": "UTC"])
    guard status == 0 else { throw NotThere(description: "psql ends with \(status) for: \(sql.prefix(200))") }
  }
}

/// Two pumps, and what a historian is told of them.
enum Plant {
  static let model = Model(
    classes: [
      AssetClass(
        name: "Pump",
        tags: [
          TagDefinition(name: "Vibration", type: .number, unit: "mm/s"), TagDefinition(name: "Running", type: .boolean),
          TagDefinition(name: "Batch", type: .text),
        ])
    ],
    assets: [
      Asset(name: "P-1", path: "Works/P-1", classIndex: 0), Asset(name: "P-2", path: "Works/P-2", classIndex: 0),
    ]
  ) { _, _ in SourceID(0) }

  /// `P-1 Vibration 5 @2026-03-01T10:00:00Z`, one line an input.
  static func told(_ past: any PastInputs) throws -> [String] {
    var inputs: [Input] = []
    while try past.read(into: &inputs) {}
    return inputs.map { input in
      guard case .change(let change) = input else { return "\(input)" }
      let asset = model.assets[Int(model.tags[Int(change.tag.index)].asset.index)].name
      let value =
        switch change.value {
        case .boolean(let flag): "\(flag)"
        case .number(let number): plain(number)
        case .text(let text): text
        case .null: "null"
        }
      let quality = change.quality == .good ? "" : " \(change.quality)"
      return "\(asset) \(model.definition(of: change.tag).name) \(value)\(quality) @\(change.time)"
    }
  }

  /// The series of the tags by what the historian calls them, for both pumps.
  static func series(_ names: [(tag: String, name: String)]) -> [HistorianRead.Series] {
    model.assets.indices.flatMap { index in
      names.compactMap { entry in
        model.tag(entry.tag, of: AssetID(index)).map {
          HistorianRead.Series(asset: model.assets[index].name, name: entry.name, tag: $0)
        }
      }
    }
  }

  static func at(_ time: String) -> Instant { Instant(rfc3339: "2026-03-01T\(time)Z") ?? .distantPast }
}
