import CCurl
import Glibc

/// Asks a historian by HTTP and gives what it answers piece by piece: an answer may be larger than memory. It lives for
/// one question. No redirect is followed, and TLS certificates are checked; neither has a switch.
final class HTTPGet {
  private var take: ([UInt8]) throws -> Void = { _ in }
  private var failure: (any Error)?

  /// What went wrong beside the answer itself.
  enum Outcome {
    case status(Int)
    case failed(String)
  }

  /// Gives pieces of the body to `take`; what that throws ends the transfer and is thrown here.
  func get(
    _ url: String, username: String?, password: String?, accept: String, _ take: @escaping ([UInt8]) throws -> Void
  ) throws -> Outcome {
    self.take = take
    failure = nil
    guard HTTPGet.started == CURLE_OK, let easy = curl_easy_init() else { return .failed("libcurl does not start") }
    let headers = curl_slist_append(nil, "Accept: \(accept)")
    defer {
      curl_easy_cleanup(easy)
      curl_slist_free_all(headers)
    }
    let receive: curl_write_callback = { bytes, size, count, context in
      guard let context else { preconditionFailure("libcurl called back without the context it was given") }
      let get = Unmanaged<HTTPGet>.fromOpaque(context).takeUnretainedValue()
      return get.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
    }
    var codes = [
      curl_set_string(easy, CURLOPT_URL, url), curl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https"),
      curl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0), curl_set_long(easy, CURLOPT_NOSIGNAL, 1),
      curl_set_string(easy, CURLOPT_PROXY, ""), curl_set_long(easy, CURLOPT_CONNECTTIMEOUT, 10),
      // Nothing for two minutes is no slow answer.
      curl_set_long(easy, CURLOPT_LOW_SPEED_LIMIT, 1), curl_set_long(easy, CURLOPT_LOW_SPEED_TIME, 120),
      curl_set_slist(easy, CURLOPT_HTTPHEADER, headers),
      curl_set_write_callback(easy, receive, Unmanaged.passUnretained(self).toOpaque()),
    ]
    if let username { codes.append(curl_set_string(easy, CURLOPT_USERNAME, username)) }
    if let password { codes.append(curl_set_string(easy, CURLOPT_PASSWORD, password)) }
    guard headers != nil, codes.allSatisfy({ $0 == CURLE_OK }) else { return .failed("libcurl refused an option") }
    let code = withExtendedLifetime(self) { curl_easy_perform(easy) }
    if let failure { throw failure }
    guard code == CURLE_OK else { return .failed(String(cString: curl_easy_strerror(code))) }
    var status = 0
    _ = curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    return .status(status)
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do {
      try take(Array(bytes))
      return true
    } catch {
      failure = error
      return false
    }
  }

  private static let started: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))
}

/// For a query of a URL.
func percentEncoded(_ text: String) -> String {
  let digits = Array("0123456789ABCDEF")
  var encoded = ""
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      encoded.unicodeScalars.append(UnicodeScalar(byte))
    default: encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }
  }
  return encoded
}
