import Delivery
import Foundation
import Rules
import Testing

private let openssl = "/usr/bin/openssl"

/// A TLS server nobody vouches for.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: openssl)))
struct TrustTests {
  @Test func a_certificate_nobody_vouches_for_gets_no_request() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "millwright-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (key, certificate) = (folder.path + "/key.pem", folder.path + "/certificate.pem")
    let make = try start(
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
      "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate)
    make.process.waitUntilExit()
    try #require(make.process.terminationStatus == 0)

    let port = DeskServer.deadPort()
    let server = try start("s_server", "-accept", "127.0.0.1:\(port)", "-key", key, "-cert", certificate)
    // A child started from a test may have SIGTERM blocked: it would outlive us.
    defer { kill(server.process.processIdentifier, SIGKILL) }
    var said = Data()
    while !said.contains(Data("ACCEPT".utf8)) {
      let more = server.output.availableData
      try #require(!more.isEmpty, "openssl s_server did not start")
      said += more
    }
    let result = try HTTPClient(settings: .make("https://127.0.0.1:\(port)", plain: false)).perform(.make())
    guard case .notSent(let why) = result else { return #expect(Bool(false), "\(result)") }
    #expect(why.contains("certificate"), "\(why)")
  }

  private func start(_ arguments: String...) throws -> (process: Process, output: FileHandle) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: openssl)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = Pipe()
    try process.run()
    return (process, output.fileHandleForReading)
  }
}

extension Data {
  fileprivate func contains(_ part: Data) -> Bool { range(of: part) != nil }
}
