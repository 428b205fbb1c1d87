/// Why an action cannot be turned into a request. Nothing was sent when one of these is thrown.
package enum DeliveryError: Error, Equatable, CustomStringConvertible {
  /// The adapter asks for a secret the site does not give.
  case noSecret(String)
  /// The secret is there, but not in the form this authorisation needs.
  case unusableSecret(String, needs: String)
  /// The site's URL for the adapter is not one that may be used.
  case unusableURL(String, String)
  /// The adapter made a request that must not be sent as it is.
  case unusableRequest(String)
  /// libcurl gives no handle: out of memory, or built without what is needed.
  case noHTTP(String)

  package var description: String {
    switch self {
    case .noSecret(let name):
      "the adapter needs the secret '\(name)', and the site gives it none; add it under 'secrets' of this adapter"
    case .unusableSecret(let name, let needs): "the secret '\(name)' is not usable: \(needs)"
    case .unusableURL(let url, let why): "the url '\(url)' \(why); change it in the site file"
    case .unusableRequest(let why): "the adapter made a request that cannot be sent: \(why)"
    case .noHTTP(let why): "cannot set up HTTP: \(why)"
    }
  }
}
