import COpenSSL
import Foundation
import Rules

/// Whom a source trusts and who it is, from the files its site names. Made for each connection, so that a renewed
/// certificate counts from the next one on.
final class TLSContext {
  fileprivate let context: OpaquePointer

  init(_ settings: MQTTSettings.TLS) throws(MQTTFailure) {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_client_method()) else {
      throw .setting("cannot set TLS up: \(complaint())")
    }
    self.context = context
    guard ssl_context_harden(context) == 1 else { throw .setting("cannot ask for TLS 1.2: \(complaint())") }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    // A key with a password is refused; OpenSSL would ask for it on the terminal.
    SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in 0 }
    if let ca = settings.ca {
      try check(SSL_CTX_load_verify_locations(context, ca, nil), "`ca` at \(ca)")
    } else {
      try check(SSL_CTX_set_default_verify_paths(context), "the system's authorities")
    }
    if let certificate = settings.certificate {
      try check(SSL_CTX_use_certificate_chain_file(context, certificate), "`certificate` at \(certificate)")
    }
    if let key = settings.key {
      try check(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM), "`key` at \(key)")
    }
  }

  deinit { SSL_CTX_free(context) }

  private func check(_ result: Int32, _ file: String) throws(MQTTFailure) {
    guard result == 1 else { throw .setting("TLS files: cannot use \(file): \(complaint())") }
  }
}

/// TLS over a connected socket that does not block. The handshake happens in the first reads and writes.
final class TLSSession {
  private let session: OpaquePointer
  /// What the last read or write waits for, apart from bytes of its own direction.
  private(set) var readWantsWrite = false
  private(set) var writeWantsRead = false
  /// Whether bytes of ours went out: from then on a failure says nothing of trust, but for an alert about a certificate.
  private var hasSent = false

  /// `host` is the name or address that the broker's certificate must be for.
  init(_ context: TLSContext, descriptor: Int32, host: String) throws(MQTTFailure) {
    ERR_clear_error()
    guard let session = SSL_new(context.context) else { throw .tls(complaint()) }
    self.session = session
    SSL_set_connect_state(session)
    var isSet = SSL_set_fd(session, descriptor) == 1
    if X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) != 1 {
      isSet = isSet && SSL_set1_host(session, host) == 1 && ssl_send_name(session, host) == 1
    }
    guard isSet else { throw .tls("the host \(host) cannot be checked: \(complaint())") }
  }

  deinit { SSL_free(session) }

  /// How many bytes came; nil when there are none yet, 0 when the broker has closed.
  func read(into bytes: UnsafeMutableRawBufferPointer) throws(MQTTFailure) -> Int? {
    (readWantsWrite, writeWantsRead) = (false, false)
    ERR_clear_error()
    errno = 0
    let count = SSL_read(session, bytes.baseAddress, Int32(clamping: bytes.count))
    if count > 0 { return Int(count) }
    switch SSL_get_error(session, count) {
    case SSL_ERROR_WANT_READ: return nil
    case SSL_ERROR_WANT_WRITE:
      readWantsWrite = true
      return nil
    case SSL_ERROR_ZERO_RETURN: return 0
    default: throw failure()
    }
  }

  /// How many bytes were taken; 0 when none can be taken yet.
  func write(_ bytes: UnsafeRawBufferPointer) throws(MQTTFailure) -> Int {
    (readWantsWrite, writeWantsRead) = (false, false)
    ERR_clear_error()
    errno = 0
    let count = SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count))
    if count > 0 {
      hasSent = true
      return Int(count)
    }
    switch SSL_get_error(session, count) {
    case SSL_ERROR_WANT_WRITE: return 0
    case SSL_ERROR_WANT_READ:
      writeWantsRead = true
      return 0
    default: throw failure()
    }
  }

  /// Tells the broker that no more comes.
  func sayGoodbye() {
    ERR_clear_error()
    if SSL_is_init_finished(session) == 1 { SSL_shutdown(session) }
  }

  private func failure() -> MQTTFailure {
    let system = errno
    // Alerts 42 to 49 and 116 are about certificates. With TLS 1.3, that about ours comes after the handshake.
    let reason = ssl_reason(ERR_peek_last_error())
    let isOfCertificates = (1_042...1_049).contains(reason) || reason == 1_116
    var why = complaint()
    if why.isEmpty { why = system == 0 ? "the broker closed the link" : String(cString: strerror(system)) }
    let verdict = SSL_get_verify_result(session)
    if verdict != Int(X509_V_OK) { why += ": " + String(cString: X509_verify_cert_error_string(verdict)) }
    // A broker that may have read our CONNECT may have begun a session, so that is not a question of trust. OpenSSL does
    // not tell: after any fatal error it says that the handshake is not finished.
    return hasSent && !isOfCertificates ? .unreachable("TLS with the broker broke: \(why)") : .tls(why)
  }
}

/// What OpenSSL found wrong last, in its words; empty when it says nothing.
private func complaint() -> String {
  let code = ERR_peek_last_error()
  ERR_clear_error()
  guard code != 0 else { return "" }
  guard let reason = ERR_reason_error_string(code) else { return "OpenSSL error \(code)" }
  return String(cString: reason)
}
