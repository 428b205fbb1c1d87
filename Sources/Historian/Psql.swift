import Foundation

/// One run of PostgreSQL's own client, whose output is read row by row while the server still sends. The client brings
/// the server's protocol, TLS and ways to authenticate, and we link no library for it. The password goes in its
/// environment, which only this user and root can see, and the question on its input.
final class Psql {
  struct Server {
    var historian: String
    var host: String
    var port: Int
    var database: String
    var username: String?
    var password: String?

    func fails(_ what: String, _ why: String) -> HistorianError {
      .cannotRead(historian: historian, what: what, why: why)
    }
  }

  private let server: Server
  private let process = Process()
  private let output = Pipe()
  private let complaints: URL
  private var bytes: [UInt8] = []
  private var at = 0
  private var isEnd = false

  /// Starts it on a query, whose rows `next` gives.
  init(_ server: Server, query: String) throws {
    self.server = server
    complaints = FileManager.default.temporaryDirectory.appendingPathComponent("millwright-psql-\(UUID().uuidString)")
    guard let program = Psql.program else {
      throw server.fails("ask PostgreSQL", "its client 'psql' is not installed; it is in the package postgresql-client")
    }
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [
      "--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1", "--host=\(server.host)",
      "--port=\(server.port)", "--dbname=\(server.database)", "--file=-",
    ]
    var environment = ProcessInfo.processInfo.environment
    // What the shell has set for another database is not meant for this one.
    for key in environment.keys where key.hasPrefix("PG") && !Psql.kept.contains(key) { environment[key] = nil }
    environment["PGUSER"] = server.username
    environment["PGPASSWORD"] = server.password
    environment["PGCLIENTENCODING"] = "UTF8"
    environment["PGTZ"] = "UTC"
    environment["PGDATESTYLE"] = "ISO"
    environment["PGOPTIONS"] = "-c default_transaction_read_only=on"
    environment["PGAPPNAME"] = "millwright"
    environment["PGCONNECT_TIMEOUT"] = "10"
    process.environment = environment
    let input = Pipe()
    _ = FileManager.default.createFile(atPath: complaints.path, contents: nil, attributes: [.posixPermissions: 0o600])
    process.standardInput = input
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: complaints)
    do {
      try process.run()
      try input.fileHandleForWriting.write(contentsOf: Data("COPY (\(query)) TO STDOUT WITH (FORMAT csv);\n".utf8))
      try input.fileHandleForWriting.close()
    } catch {
      throw server.fails("start psql", "\(error.localizedDescription)")
    }
  }

  deinit {
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: complaints)
  }

  /// The next row; nil for NULL, as CSV of COPY has it: nothing between the commas is NULL, `""` is an empty text. Nil
  /// at the end.
  func next() throws -> [String?]? {
    var fields: [String?] = []
    var field: [UInt8] = []
    var isQuoted = false
    var wasQuoted = false
    while let byte = try byte() {
      if isQuoted {
        if byte != UInt8(ascii: "\"") {
          field.append(byte)
        } else if try peek() == UInt8(ascii: "\"") {
          at += 1
          field.append(byte)
        } else {
          isQuoted = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): (isQuoted, wasQuoted) = (true, true)
      case UInt8(ascii: ","), UInt8(ascii: "\n"):
        fields.append(field.isEmpty && !wasQuoted ? nil : String(decoding: field, as: UTF8.self))
        if byte == UInt8(ascii: "\n") { return fields }
        field.removeAll(keepingCapacity: true)
        wasQuoted = false
      default: field.append(byte)
      }
    }
    try finish()
    return nil
  }

  private func byte() throws -> UInt8? {
    guard let byte = try peek() else { return nil }
    at += 1
    return byte
  }

  private func peek() throws -> UInt8? {
    if at == bytes.count {
      guard !isEnd else { return nil }
      bytes = Array(try output.fileHandleForReading.read(upToCount: 1 << 16) ?? Data())
      at = 0
      isEnd = bytes.isEmpty
      if isEnd { return nil }
    }
    return bytes[at]
  }

  /// Rows that ended early for an error are no rows.
  private func finish() throws {
    process.waitUntilExit()
    guard process.terminationStatus != 0 else { return }
    let said = (try? String(contentsOf: complaints, encoding: .utf8)) ?? ""
    let line = said.split(separator: "\n").first.map(String.init) ?? "psql ended with \(process.terminationStatus)"
    throw server.fails("read from \(server.host):\(server.port), database '\(server.database)'", line)
  }

  /// TLS and ways to authenticate that libpq takes from its environment.
  private static let kept: Set<String> = [
    "PGSSLMODE", "PGSSLCERT", "PGSSLKEY", "PGSSLROOTCERT", "PGSSLCRL", "PGKRBSRVNAME", "PGGSSENCMODE",
  ]

  private static let program: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(
    separator: ":"
  )
  .map { $0 + "/psql" }.first { FileManager.default.isExecutableFile(atPath: $0) }
}

extension String {
  /// As SQL writes a name: `plant.readings` is a table of a schema.
  var asSQLName: String {
    split(separator: ".").map { "\"" + $0.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }.joined(separator: ".")
  }
  /// As SQL writes a column's name.
  var asSQLColumn: String { "\"" + replacingOccurrences(of: "\"", with: "\"\"") + "\"" }
  /// As SQL writes a text.
  var asSQLText: String { "'" + replacingOccurrences(of: "'", with: "''") + "'" }
}
