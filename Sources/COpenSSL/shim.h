// What OpenSSL offers as macros, which Swift cannot call.
#ifndef MILLWRIGHT_COPENSSL_SHIM_H
#define MILLWRIGHT_COPENSSL_SHIM_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// TLS 1.2 or later; a write may take a part, and be tried again from another place; no renegotiation, so that a write
// waits for a read in the handshake only.
static inline int ssl_context_harden(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

// The name that the client sends in clear, for servers with several certificates.
static inline long ssl_send_name(SSL *session, const char *name) { return SSL_set_tlsext_host_name(session, name); }

// What an error is about, without the library it comes from.
static inline int ssl_reason(unsigned long error) { return ERR_GET_REASON(error); }

#endif
