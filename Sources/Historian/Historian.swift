import Rules

extension HistorianSettings {
  /// The past that it keeps, from `from` (included) to `to` (not included), in order of time.
  package func inputs(_ model: Model, from: Instant, to: Instant) throws -> any PastInputs {
    if let trouble { throw HistorianError.cannotRead(historian: name, what: "log in", why: trouble) }
    return switch place {
    case .influx: try InfluxInputs(self, model, from: from, to: to)
    case .postgres: try PostgresInputs(self, model, from: from, to: to)
    }
  }
}
