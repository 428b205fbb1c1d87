import Foundation
import Glibc

/// A headless Chromium with one page, spoken to over two pipes (the DevTools protocol): no port, no script in the page.
/// Ended by its process id when the test lets go of it.
final class Browser {
  private let process = Process()
  private let folder: URL
  private let toBrowser: Int32
  private let fromBrowser: Int32
  private var unread = Data()
  private var count = 0
  private var session: String?
  /// What it said by itself since the page was opened: messages of the console, exceptions, what was loaded.
  private(set) var events: [[String: Any]] = []

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("millwright-browser-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let (input, output) = (folder.path + "/to", folder.path + "/from")
    guard mkfifo(input, 0o600) == 0, mkfifo(output, 0o600) == 0 else { throw NotThere("no pipe in \(folder.path)") }
    // For reading and writing, as either alone would wait for the other end.
    toBrowser = open(input, O_RDWR | O_CLOEXEC)
    fromBrowser = open(output, O_RDWR | O_CLOEXEC)
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // It refuses to sandbox itself as root; the pages are our own.
    process.arguments = [
      "-c", #"exec chromium "$@" 3<"$0/to" 4>"$0/from""#, folder.path, "--headless", "--no-sandbox", "--disable-gpu",
      "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
      "--remote-debugging-pipe",
      "--user-data-dir=\(folder.path)/profile", "about:blank",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let target = try ask("Target.createTarget", ["url": "about:blank"])
    let attached = try ask("Target.attachToTarget", ["targetId": target["targetId"] ?? "", "flatten": true])
    session = attached["sessionId"] as? String
    for domain in ["Page", "Runtime", "Log", "Network"] { try ask(domain + ".enable") }
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
    close(toBrowser)
    close(fromBrowser)
    try? FileManager.default.removeItem(at: folder)
  }

  /// Shows a page in a window so wide, as a screen or as paper does.
  func show(_ html: String, width: Int, medium: String = "screen") throws {
    let file = folder.appendingPathComponent("page.html")
    try Data(html.utf8).write(to: file)
    try ask(
      "Emulation.setDeviceMetricsOverride",
      ["width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600])
    try ask("Emulation.setEmulatedMedia", ["media": medium])
    events = []
    try ask("Page.navigate", ["url": file.absoluteString])
    while !events.contains(where: { $0["method"] as? String == "Page.loadEventFired" }) { events.append(try next()) }
  }

  /// What an expression comes to in the page.
  func value(_ expression: String) throws -> Any? {
    let answer = try ask("Runtime.evaluate", ["expression": expression, "returnByValue": true])
    if let failure = answer["exceptionDetails"] { throw NotThere("\(failure)") }
    return (answer["result"] as? [String: Any])?["value"]
  }

  /// As a person does it.
  func press(_ key: String, code: Int) throws {
    for kind in ["rawKeyDown", "keyUp"] {
      try ask(
        "Input.dispatchKeyEvent",
        ["type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code])
    }
  }

  func printed() throws -> Data {
    let answer = try ask("Page.printToPDF", ["preferCSSPageSize": true, "printBackground": false])
    return (answer["data"] as? String).flatMap { Data(base64Encoded: $0) } ?? Data()
  }

  /// Errors and warnings of the console, exceptions, and whatever was loaded besides the page itself.
  var complaints: [String] {
    events.compactMap { event in
      let parameters = event["params"] as? [String: Any] ?? [:]
      switch event["method"] as? String {
      case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded": return "\(parameters)"
      case "Network.requestWillBeSent":
        let url = (parameters["request"] as? [String: Any])?["url"] as? String ?? ""
        return url.hasSuffix("/page.html") || url == "data:," ? nil : "loaded \(url)"
      default: return nil
      }
    }
  }

  // MARK: The protocol: JSON with a zero behind each message

  @discardableResult
  private func ask(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
    count += 1
    var message: [String: Any] = ["id": count, "method": method, "params": parameters]
    if let session { message["sessionId"] = session }
    let bytes = Array(try JSONSerialization.data(withJSONObject: message)) + [0]
    var sent = 0
    while sent < bytes.count {
      let done = bytes[sent...].withUnsafeBytes { write(toBrowser, $0.baseAddress, $0.count) }
      guard done > 0 else { throw NotThere("the browser does not listen") }
      sent += done
    }
    while true {
      let heard = try next()
      guard heard["id"] as? Int == count else {
        events.append(heard)
        continue
      }
      if let error = heard["error"] { throw NotThere("\(method): \(error)") }
      return heard["result"] as? [String: Any] ?? [:]
    }
  }

  private func next() throws -> [String: Any] {
    while true {
      if let end = unread.firstIndex(of: 0) {
        let message = unread[..<end]
        unread = Data(unread[(end + 1)...])
        return try JSONSerialization.jsonObject(with: message) as? [String: Any] ?? [:]
      }
      var ready = pollfd(fd: fromBrowser, events: Int16(POLLIN), revents: 0)
      guard poll(&ready, 1, 60_000) == 1 else { throw NotThere("chromium is not there, or says nothing for a minute") }
      var buffer = [UInt8](repeating: 0, count: 65_536)
      let size = read(fromBrowser, &buffer, buffer.count)
      guard size > 0 else { throw NotThere("the browser is gone") }
      unread.append(contentsOf: buffer[..<size])
    }
  }
}

struct NotThere: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
