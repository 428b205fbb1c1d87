import CCurl
import Rules

/// Sets libcurl's options on one handle and remembers the first that was refused.
struct Setting {
  private let easy: UnsafeMutableRawPointer
  private(set) var refused: String?

  init(_ easy: UnsafeMutableRawPointer) { self.easy = easy }

  /// What a request may do at all. Nothing here comes from the adapter's code.
  mutating func protect(plain: Bool) {
    let scheme = plain ? "http" : "https"
    string(CURLOPT_PROTOCOLS_STR, scheme)
    string(CURLOPT_REDIR_PROTOCOLS_STR, scheme)
    string(CURLOPT_DEFAULT_PROTOCOL, "https")
    long(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
    long(CURLOPT_FOLLOWLOCATION, 0)
    // An empty proxy means none; unset, libcurl would read it from the environment.
    string(CURLOPT_PROXY, "")
    string(CURLOPT_NOPROXY, "*")
    long(CURLOPT_NETRC, 0)
    long(CURLOPT_SSL_VERIFYPEER, 1)
    long(CURLOPT_SSL_VERIFYHOST, 2)
    long(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    // One request a connection, and HTTP/1.1: no way on which libcurl sends a request twice.
    long(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    long(CURLOPT_FRESH_CONNECT, 1)
    long(CURLOPT_FORBID_REUSE, 1)
    long(CURLOPT_VERBOSE, 0)
    string(CURLOPT_USERAGENT, "Millwright")
  }

  /// How long it may take. A slow trickle ends with the total time at the latest.
  mutating func limit(connect: TimeSpan, total: TimeSpan) {
    // Signals are the process's own; timeouts work without them.
    long(CURLOPT_NOSIGNAL, 1)
    // 0 would mean "for ever" to libcurl.
    let milliseconds = max(1, total.microseconds / 1000)
    long(CURLOPT_CONNECTTIMEOUT_MS, Int(max(1, connect.microseconds / 1000)))
    long(CURLOPT_TIMEOUT_MS, Int(milliseconds))
    long(CURLOPT_LOW_SPEED_LIMIT, 1)
    long(CURLOPT_LOW_SPEED_TIME, Int(max(1, (milliseconds + 999) / 1000)))
    offset(CURLOPT_MAXFILESIZE_LARGE, Int64(Exchange.largestBody))
    // A name server that does not answer must not hold the worker beyond its time.
    long(CURLOPT_QUICK_EXIT, 1)
  }

  mutating func request(_ request: HTTPRequest, url: String, headers: UnsafeMutablePointer<curl_slist>?) {
    string(CURLOPT_URL, url)
    if request.method == "GET" && request.body.isEmpty {
      long(CURLOPT_HTTPGET, 1)
    } else {
      long(CURLOPT_POST, 1)
      string(CURLOPT_CUSTOMREQUEST, request.method)
      offset(CURLOPT_POSTFIELDSIZE_LARGE, Int64(request.body.count))
      var body = request.body + [0]  // never an empty buffer, whose address may be nil
      body.withUnsafeMutableBytes { pointer(CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
    }
    check("HTTPHEADER", curl_set_slist(easy, CURLOPT_HTTPHEADER, headers))
  }

  /// `context` is an `Exchange` that outlives the transfer.
  mutating func callbacks(_ context: UnsafeMutableRawPointer) {
    check("WRITEFUNCTION", curl_set_write_callback(easy, takeBody, context))
    check("HEADERFUNCTION", curl_set_header_callback(easy, takeHeader, context))
    check("OPENSOCKETFUNCTION", curl_set_opensocket_callback(easy, openSocket, context))
    check("PREREQFUNCTION", curl_set_prereq_callback(easy, noteBeginning, context))
  }

  mutating func pointer(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
    check("option \(option.rawValue)", curl_set_pointer(easy, option, value))
  }
  private mutating func string(_ option: CURLoption, _ value: String) {
    check("option \(option.rawValue)", curl_set_string(easy, option, value))
  }
  private mutating func long(_ option: CURLoption, _ value: Int) {
    check("option \(option.rawValue)", curl_set_long(easy, option, value))
  }
  private mutating func offset(_ option: CURLoption, _ value: Int64) {
    check("option \(option.rawValue)", curl_set_off_t(easy, option, curl_off_t(value)))
  }
  private mutating func check(_ what: String, _ code: CURLcode) {
    if code != CURLE_OK, refused == nil { refused = "\(what): \(String(cString: curl_easy_strerror(code)))" }
  }
}
