import Foundation

/// A certificate authority of one test, and what it has signed, made by the openssl command.
final class Certificates {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in ["ours", "theirs"] {
      try openssl(
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(name)"]
          + ["-keyout", path("\(name).key"), "-out", path("\(name).pem")])
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appending(path: name).path() }

  /// A broker's certificate for a host, signed by the authority `ours`; no days at all: it expired yesterday.
  func sign(_ name: String, host: String, days: Int = 2) throws {
    try openssl(
      ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=broker", "-addext", "subjectAltName=\(host)"]
        + ["-keyout", path("\(name).key"), "-out", path("\(name).csr")])
    try openssl(
      ["x509", "-req", "-in", path("\(name).csr"), "-CA", path("ours.pem"), "-CAkey", path("ours.key")]
        + ["-CAcreateserial", "-days", "\(days)", "-copy_extensions", "copy", "-out", path("\(name).pem")])
  }

  /// Lines for a broker with this certificate on a port of its own.
  func listener(_ name: String, port: Int) -> String {
    "listener \(port) 127.0.0.1\ncertfile \(path("\(name).pem"))\nkeyfile \(path("\(name).key"))"
  }

  /// A TLS server that answers everyone who says something with these bytes. It runs until it is terminated.
  func serve(_ name: String, port: Int, saying bytes: [UInt8]) throws -> Process {
    let script = """
      import socket, ssl, sys
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain(sys.argv[1], sys.argv[2])
      listener = socket.create_server(("127.0.0.1", int(sys.argv[3])))
      print("listening", flush=True)
      while True:
          peer, _ = listener.accept()
          try:
              peer.settimeout(10)
              session = context.wrap_socket(peer, server_side=True)
              session.recv(1000)
              session.sendall(bytes.fromhex(sys.argv[4]))
              session.recv(1000)
              session.close()
          except OSError:
              peer.close()
      """
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [
      "-c", script, path("\(name).pem"), path("\(name).key"), "\(port)",
      bytes.map { String(format: "%02x", $0) }.joined(),
    ]
    let said = Pipe()
    process.standardOutput = said
    try process.run()
    guard !said.fileHandleForReading.availableData.isEmpty else { throw Failure("the TLS server does not listen") }
    return process
  }

  private func openssl(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure("openssl \(arguments)") }
    // A broker that is started by root reads them as somebody else.
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path()) { chmod(path(name), 0o644) }
  }
}
