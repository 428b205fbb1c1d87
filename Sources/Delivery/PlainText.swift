import Rules

/// Text from outside on one line: control characters become spaces, and it is cut at `limit` characters, so that
/// what a server answers can neither forge a log line nor fill the ledger.
func onOneLine(_ text: String, limit: Int = 500) -> String {
  var line = ""
  for scalar in text.unicodeScalars.prefix(limit) {
    line.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
  }
  return line + (text.unicodeScalars.count > limit ? "…" : "")
}

/// Takes an adapter's secrets out of texts that go to the log or the ledger: a server may echo what it was sent.
struct Redaction {
  private let secrets: [String]

  /// Secrets shorter than four characters are left: they would be found in every other word.
  /// `travelling` is a form in which one of them was sent, when that is another.
  init(_ settings: AdapterSettings, travelling: String? = nil) {
    // A signing key is known by the part behind its prefix, and there may be several in one secret.
    let keys = settings.secrets.values.flatMap { secret in
      secret.reveal.split(whereSeparator: \.isWhitespace).map { $0.hasPrefix("whsec_") ? $0.dropFirst(6) : $0 }
    }
    secrets = (settings.secrets.values.map(\.reveal) + keys.map(String.init) + [travelling ?? ""]).filter {
      $0.utf8.count >= 4
    }.sorted { $0.utf8.count > $1.utf8.count }
  }

  func callAsFunction(_ text: String) -> String {
    var text = text
    for secret in secrets { text = text.replacing(secret, with: "(secret)") }
    return text
  }
}
