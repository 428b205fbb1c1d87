import CCurl
import Glibc
import Rules

/// Sends one adapter's requests, one at a time, over libcurl. It lives on its worker's thread and owns libcurl's
/// handle. What it refuses (plain http beyond loopback, redirects, proxies, untrusted certificates, endless answers)
/// has no switch.
///
/// A connection serves one request: on a reused one that has died libcurl sends the request again by itself, which
/// would make two work orders behind the ledger's back.
package final class HTTPClient {
  private let easy: UnsafeMutableRawPointer
  private let settings: AdapterSettings

  /// Throws `DeliveryError.noHTTP` when libcurl gives no handle.
  package init(settings: AdapterSettings) throws(DeliveryError) {
    try CurlLibrary.start()
    guard let easy = curl_easy_init() else { throw .noHTTP("libcurl gives no handle") }
    self.easy = easy
    self.settings = settings
  }

  deinit { curl_easy_cleanup(easy) }

  /// Sends the request with the headers of this attempt beside its own, and waits for the answer, at most `limit` (nil:
  /// the adapter's total timeout). The redirect an answer asks for is not followed: it is the answer.
  package func perform(
    _ request: HTTPRequest, adding headers: [(name: String, value: String)] = [], within limit: TimeSpan? = nil
  ) -> HTTPResult {
    do {
      let destination = try Destination(path: request.path, of: settings)
      let lines = try HeaderLines(of: request, adding: headers)
      return try perform(request, lines, to: destination, within: limit ?? settings.totalTimeout)
    } catch {
      return .notSent("\(error)")
    }
  }

  private func perform(
    _ request: HTTPRequest, _ lines: HeaderLines, to destination: Destination, within limit: TimeSpan
  ) throws(DeliveryError) -> HTTPResult {
    let exchange = Exchange(plain: destination.isPlain)
    let context = Unmanaged.passUnretained(exchange).toOpaque()
    var message = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
    // The list is not copied by libcurl: it is freed after the transfer, and the handle forgets it first.
    var list: UnsafeMutablePointer<curl_slist>?
    defer {
      curl_easy_reset(easy)
      curl_slist_free_all(list)
    }
    for line in lines.lines {
      guard let longer = curl_slist_append(list, line) else { throw .noHTTP("out of memory") }
      list = longer
    }
    let code: CURLcode = try message.withUnsafeMutableBufferPointer { (text) throws(DeliveryError) in
      // Every option must be taken: a refused one would be a protection that is not there.
      var setting = Setting(easy)
      setting.protect(plain: destination.isPlain)
      setting.limit(connect: min(settings.connectTimeout, limit), total: limit)
      setting.pointer(CURLOPT_ERRORBUFFER, text.baseAddress)
      setting.request(request, url: destination.url, headers: list)
      setting.callbacks(context)
      if let refused = setting.refused { throw .noHTTP("libcurl refused \(refused)") }
      return withExtendedLifetime(exchange) { curl_easy_perform(easy) }
    }
    var status = 0
    _ = curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    let detail = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let why = onOneLine(detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail)

    if !exchange.began {
      return .notSent(
        exchange.refusedAddress.map {
          "plain http goes to a loopback address only, and '\(settings.baseURL)' leads to \($0); use https"
        } ?? "cannot reach \(settings.baseURL): \(why)")
    }
    if let excess = exchange.excess { return .maybeSent("\(settings.baseURL) answered with \(excess)") }
    guard code == CURLE_OK, status > 0 else { return .maybeSent("no answer from \(settings.baseURL): \(why)") }
    return .response(HTTPResponse(status: status, headers: exchange.headers, body: exchange.body))
  }
}

/// libcurl as a whole, started once in a process.
private enum CurlLibrary {
  private static let outcome: CURLcode = {
    // libcurl is told to leave signals alone, and a TLS library may still write to a closed connection.
    signal(SIGPIPE, SIG_IGN)
    return curl_global_init(Int(CURL_GLOBAL_DEFAULT))
  }()

  static func start() throws(DeliveryError) {
    guard outcome == CURLE_OK else { throw .noHTTP(String(cString: curl_easy_strerror(outcome))) }
  }
}
