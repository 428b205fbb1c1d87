// libcurl's curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call. One typed setter for each
// kind of argument; each returns libcurl's own code and raises nothing.
#ifndef MILLWRIGHT_CCURL_SHIM_H
#define MILLWRIGHT_CCURL_SHIM_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// libcurl copies the text.
static inline CURLcode curl_set_string(CURL *easy, CURLoption option, const char *text) {
  return curl_easy_setopt(easy, option, text);
}

static inline CURLcode curl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_set_off_t(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

// libcurl does not copy the list: it must live until the transfer has ended.
static inline CURLcode curl_set_slist(CURL *easy, CURLoption option, struct curl_slist *list) {
  return curl_easy_setopt(easy, option, list);
}

// For COPYPOSTFIELDS (copied; its size must be set before), ERRORBUFFER and the *DATA options (not copied).
static inline CURLcode curl_set_pointer(CURL *easy, CURLoption option, void *pointer) {
  return curl_easy_setopt(easy, option, pointer);
}

// WRITEFUNCTION and HEADERFUNCTION have the same form.
static inline CURLcode curl_set_write_callback(CURL *easy, curl_write_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
  return code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}

static inline CURLcode curl_set_header_callback(CURL *easy, curl_write_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
  return code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
}

static inline CURLcode curl_set_opensocket_callback(CURL *easy, curl_opensocket_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
  return code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
}

// Called when the connection stands, TLS included, and before the first byte of the request.
static inline CURLcode curl_set_prereq_callback(CURL *easy, curl_prereq_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
  return code ? code : curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
}

static inline CURLcode curl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

// The address of the sockaddr itself: it is longer than `struct sockaddr` says, so it must not be copied by value.
static inline const struct sockaddr *curl_address(const struct curl_sockaddr *address) { return &address->addr; }

#endif
