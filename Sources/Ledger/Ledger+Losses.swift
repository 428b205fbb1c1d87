import GRDB
import Rules

/// What assets have lost, and what rules came to on history.
extension Ledger {
  /// Those that are not known yet: one import twice is one.
  func record(_ losses: [Loss], _ origin: String, by instruction: Instruction, input: Int64, _ db: Database) throws {
    for loss in losses {
      try db.cachedStatement(
        sql: """
          INSERT OR IGNORE INTO losses
            (asset, start, until, cause, cost, currency, planned, origin, reference, recorded, input)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """
      ).execute(arguments: [
        loss.asset, loss.start.microseconds, loss.end.microseconds, loss.cause, loss.cost?.hundredths,
        loss.cost?.currency, loss.planned ? 1 : 0, origin, loss.reference, recordingTime(db).microseconds, input,
      ])
      guard db.changesCount > 0 else { continue }
      try Chain.add(.loss, db.lastInsertedRowID, db)
    }
  }

  func record(_ figures: BacktestFigures, by instruction: Instruction, input: Int64, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO backtests
          (rule, logic_hash, first, last, decisions, losses, caught, false_alarms, net, currency, person, at, input)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      figures.rule, figures.logic.hex, figures.from.microseconds, figures.to.microseconds, figures.decisions,
      figures.losses, figures.caught, figures.falseAlarms, figures.net.hundredths, figures.net.currency,
      instruction.person, instruction.at.microseconds, input,
    ])
    try Chain.add(.backtest, db.lastInsertedRowID, db)
  }
}
