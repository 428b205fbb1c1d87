/// A plant's historian to read the past from, and what in it is which tag of ours.
package struct HistorianSettings: Sendable, Equatable {
  package var name: String
  package var place: HistorianPlace
  package var database: String
  package var username: String?
  package var password: Secret?
  /// Why there is no password although the site file names one. The engine does without; whoever reads cannot.
  package var trouble: String?
  /// In file order.
  package var reads: [HistorianRead]
  package init(
    name: String, place: HistorianPlace, database: String, username: String?, password: Secret?, trouble: String? = nil,
    reads: [HistorianRead]
  ) {
    self.name = name
    self.place = place
    self.database = database
    self.username = username
    self.password = password
    self.trouble = trouble
    self.reads = reads
  }
}

package enum HistorianPlace: Sendable, Equatable {
  /// InfluxDB 1.x: its address, without a path.
  case influx(url: String)
  /// PostgreSQL, with or without TimescaleDB.
  case postgres(host: String, port: Int)
}

/// One measurement or table.
package struct HistorianRead: Sendable, Equatable {
  package enum Form: Sendable, Equatable {
    /// A field or column for each tag.
    case wide
    /// The tag's name stands in one column (InfluxDB: a tag key), its value in another.
    case long(name: String, value: String)
  }

  /// How a column of a table holds the time. InfluxDB has its own.
  package enum Time: Sendable, Equatable {
    /// `timestamp with time zone`.
    case moment
    /// `timestamp` without: of the clock of this zone, which PostgreSQL knows by name.
    case clock(zone: String)
    /// A whole number since 1970: so many to the second.
    case count(perSecond: Int64)
  }

  package struct Series: Sendable, Equatable {
    /// What the historian calls the asset; nil where all it holds is of one.
    package var asset: String?
    /// Its field, column or name for the tag.
    package var name: String
    package var tag: TagID
    package init(asset: String?, name: String, tag: TagID) {
      self.asset = asset
      self.name = name
      self.tag = tag
    }
  }

  /// The measurement or table: `vibration`, `plant.readings`.
  package var from: String
  package var form: Form
  package var time: Time
  /// The table's column with the time.
  package var timeColumn: String
  /// The tag key or column that names the asset; nil where all it holds is of one.
  package var asset: String?
  /// The field or column with the quality, as a word or OPC/Sparkplug code; nil: all is good.
  package var quality: String?
  package var series: [Series]
  /// Line in the site file, for messages.
  package var line: Int

  package init(
    from: String, form: Form, time: Time = .moment, timeColumn: String = "time", asset: String?, quality: String? = nil,
    series: [Series], line: Int
  ) {
    self.from = from
    self.form = form
    self.time = time
    self.timeColumn = timeColumn
    self.asset = asset
    self.quality = quality
    self.series = series
    self.line = line
  }
}

extension Quality {
  /// By the words and codes that sources use for it; nil for any other.
  package init?(word: some StringProtocol) {
    switch word.lowercased() {
    case "good", "true", "t", "192", "0xc0": self = .good
    case "uncertain", "64": self = .uncertain
    case "bad", "false", "f", "0": self = .bad
    case "stale", "500": self = .stale
    default: return nil
    }
  }
}
