import Rules

// How addresses in site.yaml must be written.

/// What is wrong with the characters of an address; nil when nothing is. A URL may hold a password, so it is not shown.
func unfitCharacter(_ key: String, _ address: String) -> String? {
  guard let scalar = address.unicodeScalars.first(where: { $0 == " " || $0.isUnseen || $0.properties.isWhitespace })
  else { return nil }
  let what = scalar == " " ? "a space" : "the character '\(printable(String(scalar)))'"
  return "'\(key)' holds \(what), which no address can hold"
}

/// A URL's part between `://` and the path.
func authority(of url: String) -> Substring {
  guard let start = url.firstRange(of: "://")?.upperBound else { return "" }
  return url[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
}

/// The host of an authority without a user; an IPv6 address in its brackets.
func host(of authority: Substring) -> Substring {
  if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return authority[...end] }
  return authority.prefix { $0 != ":" }
}

/// What is wrong with the port of an authority without a user; nil when it is good or there is none.
func unfitPort(_ authority: Substring) -> String? {
  let rest = authority.dropFirst(host(of: authority).count)
  guard !rest.isEmpty else { return nil }
  let digits = rest.dropFirst()
  if rest.hasPrefix(":"), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
    (1...65_535).contains(port)
  {
    return nil
  }
  return "the port in 'url' must be a whole number from 1 to 65535"
}
