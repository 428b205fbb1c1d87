import GRDB
import Rules

/// The tables, as append-only migrations: a released one is never changed, the next one is added below it.
/// Times are microseconds since 1970 UTC; digests are hex; each row with a life has one row here, and each thing
/// that happened to it a row in an append-only table beside it.
enum Schema {
  /// The newest migration this version knows.
  static let version = 6
  /// `Mill`, in the file's header: tells a ledger from another SQLite file.
  static let applicationID: Int64 = 0x4D69_6C6C

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: first)
    }
    migrator.registerMigration("2", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: second)
    }
    migrator.registerMigration("3", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: third)
    }
    migrator.registerMigration("4", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: fourth)
    }
    migrator.registerMigration("5", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: fifth)
      try db.execute(sql: skippedLetters)
    }
    migrator.registerMigration("6", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: RowChecksum.columns)
      try db.execute(sql: "UPDATE meta SET schema = 6")
    }
    return migrator
  }

  /// What the file says its tables and indexes are must be what the migrations up to `schema` make: SQLite believes
  /// that text, and a changed one would make it read other things than were written. What somebody added is let be.
  static func check(_ db: Database, schema: Int, path: String) throws {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name"
    let fresh = try DatabaseQueue()
    try migrator.migrate(fresh, upTo: String(schema))
    let wanted = try fresh.read { db in try Row.fetchAll(db, sql: sql) }
    let found = Set(try Row.fetchAll(db, sql: sql))
    guard let changed = wanted.first(where: { !found.contains($0) }) else { return }
    let name: String = try changed.get("name")
    throw LedgerError.damagedRow(path: path, what: "the description of \(name) is not as it was written")
  }

  private static let first = """
    -- One row: who this ledger is.
    CREATE TABLE meta (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      ledger TEXT NOT NULL,
      schema INTEGER NOT NULL,
      created INTEGER NOT NULL
    ) STRICT;

    -- What decided: the texts behind a configuration's hash, stored once.
    CREATE TABLE configurations (hash TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE texts (
      hash TEXT NOT NULL REFERENCES configurations (hash),
      name TEXT NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (hash, name)
    ) STRICT, WITHOUT ROWID;
    -- From which input on.
    CREATE TABLE configs (number INTEGER PRIMARY KEY, hash TEXT NOT NULL) STRICT;

    -- The journal: all inputs of one batch back to back, one row a batch.
    CREATE TABLE batches (
      first_input INTEGER PRIMARY KEY,
      count INTEGER NOT NULL,
      bytes BLOB NOT NULL
    ) STRICT;

    CREATE TABLE decisions (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      rule TEXT NOT NULL,
      asset TEXT NOT NULL,
      time INTEGER NOT NULL,
      repeated INTEGER NOT NULL,
      since INTEGER NOT NULL,
      deferred_from INTEGER,
      title TEXT NOT NULL,
      owner TEXT NOT NULL,
      consequence TEXT,
      tier TEXT NOT NULL,
      text_hash TEXT NOT NULL,
      logic_hash TEXT NOT NULL,
      asset_class TEXT NOT NULL,
      check_first TEXT NOT NULL,  -- JSON, a list of texts
      input INTEGER NOT NULL  -- the last input of its batch
    ) STRICT;
    CREATE INDEX decisions_by_rule ON decisions (rule, time);
    CREATE INDEX decisions_by_asset ON decisions (asset, time);
    CREATE TABLE evidence (
      decision INTEGER NOT NULL REFERENCES decisions (id),
      place INTEGER NOT NULL,
      name TEXT NOT NULL,
      kind TEXT NOT NULL,  -- number, boolean, text, not_good
      number REAL,
      text TEXT,
      unit TEXT,
      PRIMARY KEY (decision, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE limits_used (
      decision INTEGER NOT NULL REFERENCES decisions (id),
      place INTEGER NOT NULL,
      name TEXT NOT NULL,
      value REAL,
      PRIMARY KEY (decision, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE asset_ids (
      decision INTEGER NOT NULL REFERENCES decisions (id),
      place INTEGER NOT NULL,
      adapter TEXT NOT NULL,
      id TEXT NOT NULL,
      PRIMARY KEY (decision, place)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE held_back (
      id INTEGER PRIMARY KEY,
      rule TEXT NOT NULL,
      asset TEXT NOT NULL,
      time INTEGER NOT NULL,
      since INTEGER NOT NULL,
      reason TEXT NOT NULL,
      until INTEGER,
      evidence TEXT NOT NULL,  -- JSON
      input INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX held_back_by_rule ON held_back (rule, time);

    CREATE TABLE actions (
      id INTEGER PRIMARY KEY,
      decision INTEGER NOT NULL REFERENCES decisions (id),
      number INTEGER NOT NULL,
      kind TEXT NOT NULL,
      title TEXT NOT NULL,
      text TEXT NOT NULL,
      priority INTEGER,
      setpoint_tag TEXT,
      setpoint_target REAL,
      adapter TEXT,
      expires INTEGER,
      wire_key TEXT NOT NULL UNIQUE,
      -- Where it stands: what its newest event says.
      state TEXT NOT NULL,
      due INTEGER,  -- while ready; 0 is at once
      attempts INTEGER NOT NULL DEFAULT 0,
      reason TEXT,
      UNIQUE (decision, number)
    ) STRICT;
    CREATE INDEX actions_to_claim ON actions (adapter, state, due, id);
    CREATE INDEX actions_by_state ON actions (state, id);
    -- Made once, sent at every attempt.
    CREATE TABLE requests (
      id INTEGER PRIMARY KEY REFERENCES actions (id),
      method TEXT NOT NULL,
      path TEXT NOT NULL,
      headers TEXT NOT NULL,  -- JSON, a list of [name, value]
      body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE attempts (
      id INTEGER PRIMARY KEY,
      action INTEGER NOT NULL REFERENCES actions (id),
      number INTEGER NOT NULL,
      began INTEGER NOT NULL,
      ended INTEGER NOT NULL,
      status INTEGER,
      receipt TEXT NOT NULL,  -- accepted, already, rejected, try_again, unknown
      detail TEXT NOT NULL,  -- the reference, or why
      after INTEGER,  -- try_again: no sooner than this many microseconds
      next TEXT NOT NULL,
      due INTEGER,
      input INTEGER NOT NULL,
      UNIQUE (action, number)
    ) STRICT;
    CREATE TABLE receipts (
      id INTEGER PRIMARY KEY,
      action INTEGER NOT NULL REFERENCES actions (id),
      reference TEXT NOT NULL,
      received INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX receipts_by_action ON receipts (action);
    CREATE TABLE action_events (
      id INTEGER PRIMARY KEY,
      action INTEGER NOT NULL REFERENCES actions (id),
      seq INTEGER NOT NULL,
      state TEXT NOT NULL,
      at INTEGER NOT NULL,
      why TEXT NOT NULL,
      UNIQUE (action, seq)
    ) STRICT;

    CREATE TABLE conditions (
      rule TEXT NOT NULL,
      asset TEXT NOT NULL,
      phase TEXT NOT NULL,
      since INTEGER NOT NULL,
      blind_since INTEGER,
      blind_reading TEXT,
      PRIMARY KEY (rule, asset)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE reports (
      id INTEGER PRIMARY KEY,
      kind TEXT NOT NULL,
      time INTEGER NOT NULL,
      rule TEXT,
      asset TEXT,
      text TEXT NOT NULL
    ) STRICT;
    CREATE TABLE dead_letters (
      id INTEGER PRIMARY KEY,
      source TEXT NOT NULL,
      topic TEXT NOT NULL,
      reason TEXT NOT NULL,
      detail TEXT NOT NULL,
      payload BLOB NOT NULL,
      arrived INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE dead_letter_counts (
      source TEXT NOT NULL,
      reason TEXT NOT NULL,
      count INTEGER NOT NULL,
      last INTEGER NOT NULL,
      PRIMARY KEY (source, reason)
    ) STRICT, WITHOUT ROWID;

    -- SHA-256(0x00, the row, the hash before it), in the transaction of the row.
    CREATE TABLE chain (
      seq INTEGER PRIMARY KEY,
      kind INTEGER NOT NULL,
      row INTEGER NOT NULL,
      hash BLOB NOT NULL,
      UNIQUE (kind, row)
    ) STRICT;
    """

  private static let second = """
    -- SHA-256(the row, the hash before it): a batch that was changed or is missing is not believed. NULL in batches
    -- of schema 1.
    ALTER TABLE batches ADD COLUMN hash BLOB;
    -- What was cut off the journal: the hash is of the last batch removed.
    CREATE TABLE cuts (
      id INTEGER PRIMARY KEY,
      before INTEGER NOT NULL,  -- the first input that is still there
      at INTEGER NOT NULL,
      hash BLOB
    ) STRICT;
    -- The journal's dictionary, kept when the inputs that said it are cut off.
    CREATE TABLE bindings (
      config INTEGER NOT NULL,  -- number of the config input
      tag INTEGER NOT NULL,
      asset TEXT NOT NULL,
      name TEXT NOT NULL,
      asset_class TEXT NOT NULL,
      PRIMARY KEY (config, tag)
    ) STRICT, WITHOUT ROWID;

    -- The newest messages of each source, one row a batch: packet id (2 bytes) and hash (8 bytes) of each.
    CREATE TABLE marks (
      id INTEGER PRIMARY KEY,
      source INTEGER NOT NULL,
      count INTEGER NOT NULL,
      bytes BLOB NOT NULL
    ) STRICT;

    CREATE TABLE snapshots (
      next INTEGER PRIMARY KEY,  -- the first input that is not in it
      configuration TEXT NOT NULL,
      taken INTEGER NOT NULL,
      format INTEGER NOT NULL,
      semantics INTEGER NOT NULL,
      pieces INTEGER NOT NULL,
      hash BLOB NOT NULL  -- SHA-256 of all its bytes
    ) STRICT;
    CREATE TABLE snapshot_pieces (
      id INTEGER PRIMARY KEY,
      next INTEGER NOT NULL,
      place INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      UNIQUE (next, place)
    ) STRICT;

    -- Wall clock: while settled, when its status is asked for next.
    ALTER TABLE actions ADD COLUMN follow_due INTEGER;
    -- A setpoint request is void after this (wall clock).
    ALTER TABLE actions ADD COLUMN valid_until INTEGER;
    CREATE INDEX actions_with_limit ON actions (valid_until) WHERE valid_until IS NOT NULL;
    -- The open order that a merged action belongs to.
    ALTER TABLE actions ADD COLUMN merged_into INTEGER REFERENCES actions (id);
    CREATE INDEX actions_to_follow ON actions (adapter, follow_due) WHERE follow_due IS NOT NULL;
    CREATE INDEX actions_merged ON actions (merged_into) WHERE merged_into IS NOT NULL;
    CREATE TABLE look_ups (
      id INTEGER PRIMARY KEY,
      action INTEGER NOT NULL REFERENCES actions (id),
      number INTEGER NOT NULL,
      began INTEGER NOT NULL,
      ended INTEGER NOT NULL,
      status INTEGER,
      answer TEXT NOT NULL,  -- found, absent, unknown
      detail TEXT NOT NULL,  -- the reference, or why
      next TEXT NOT NULL,
      due INTEGER,
      input INTEGER NOT NULL,
      UNIQUE (action, number)
    ) STRICT;
    -- What became of an order, one row whenever that changed.
    CREATE TABLE outcomes (
      id INTEGER PRIMARY KEY,
      action INTEGER NOT NULL REFERENCES actions (id),
      at INTEGER NOT NULL,
      standing TEXT NOT NULL,
      cause TEXT,
      cost INTEGER,  -- hundredths of the currency
      currency TEXT,
      started INTEGER,
      done INTEGER,
      input INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX outcomes_by_action ON outcomes (action);
    CREATE TABLE verdicts (
      id INTEGER PRIMARY KEY,
      decision INTEGER NOT NULL REFERENCES decisions (id),
      at INTEGER NOT NULL,
      person TEXT NOT NULL,
      verdict TEXT NOT NULL,
      cost INTEGER,
      currency TEXT,
      note TEXT NOT NULL,
      input INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX verdicts_by_decision ON verdicts (decision);
    -- What persons told us to do, all of it.
    CREATE TABLE instructions (
      id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      person TEXT NOT NULL,
      act TEXT NOT NULL,
      subject TEXT,
      detail TEXT NOT NULL,
      refusal TEXT,  -- why it did not apply any more when it came to it; NULL when it was carried out
      input INTEGER NOT NULL
    ) STRICT;
    -- The newest row says whether anything is sent.
    CREATE TABLE halts (
      id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      halted INTEGER NOT NULL,
      who TEXT NOT NULL,
      why TEXT NOT NULL
    ) STRICT;

    -- With the tables or not at all: what the file says it is, it is.
    UPDATE meta SET schema = 2;
    """

  private static let third = """
    -- NULL is a number, in `value`; else `text` has it exactly, and `value` what it compares as, if anything.
    ALTER TABLE limits_used ADD COLUMN kind TEXT;  -- duration (microseconds), state, curve (JSON)
    ALTER TABLE limits_used ADD COLUMN text TEXT;
    -- The asset or rule that the reason names, and the person.
    ALTER TABLE held_back ADD COLUMN subject TEXT;
    ALTER TABLE held_back ADD COLUMN person TEXT;
    -- How many in a row were held back for this reason, and when the newest fired; NULL is this one alone.
    ALTER TABLE held_back ADD COLUMN times INTEGER;
    ALTER TABLE held_back ADD COLUMN last INTEGER;
    -- The decision whose order was completed while the condition went on.
    ALTER TABLE decisions ADD COLUMN follows INTEGER REFERENCES decisions (id);
    -- The asset it works on, where that is another than the decision's, and what the adapter's system calls it.
    ALTER TABLE actions ADD COLUMN on_asset TEXT;
    ALTER TABLE actions ADD COLUMN on_class TEXT;
    ALTER TABLE actions ADD COLUMN on_id TEXT;
    -- Made when the condition had cleared: number of the decision's action that it undoes, or on whose order it speaks.
    ALTER TABLE actions ADD COLUMN closes INTEGER;
    CREATE TABLE closings (
      id INTEGER PRIMARY KEY,
      decision INTEGER NOT NULL REFERENCES decisions (id),
      at INTEGER NOT NULL,  -- data time
      cancels INTEGER NOT NULL,
      input INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX closings_by_decision ON closings (decision);
    -- Rules shelved and assets out of service, one row each, by persons.
    CREATE TABLE silences (
      id INTEGER PRIMARY KEY,
      rule TEXT,  -- NULL is all: the asset is out of service
      asset TEXT,  -- NULL is all
      at INTEGER NOT NULL,
      until INTEGER,  -- data time; NULL until a person ends it
      person TEXT NOT NULL,
      why TEXT NOT NULL,
      input INTEGER NOT NULL,
      ended INTEGER,
      ended_by TEXT,
      ended_input INTEGER
    ) STRICT;
    CREATE INDEX silences_standing ON silences (ended_input);

    UPDATE meta SET schema = 3;
    """

  private static let fourth = """
    -- Who and what an amount is of: accounts are summed by these.
    CREATE TABLE account_lines (
      id INTEGER PRIMARY KEY,
      rule TEXT NOT NULL,
      owner TEXT NOT NULL,
      asset_class TEXT NOT NULL,
      asset TEXT NOT NULL,
      tier TEXT NOT NULL,
      kind TEXT NOT NULL,  -- the column: cash, avoided, capacity
      UNIQUE (rule, asset, tier, kind, owner, asset_class)
    ) STRICT;
    -- What a decision is worth by its rule's model and the site's prices at that time, in hundredths of the site's
    -- currency; NULL is not stated.
    ALTER TABLE decisions ADD COLUMN line INTEGER REFERENCES account_lines (id);
    ALTER TABLE decisions ADD COLUMN recorded INTEGER;  -- wall clock
    ALTER TABLE decisions ADD COLUMN month INTEGER;  -- of `recorded` in the site's zone: year x 12 + month - 1
    ALTER TABLE decisions ADD COLUMN modelled INTEGER;
    ALTER TABLE decisions ADD COLUMN planned_cost INTEGER;
    ALTER TABLE decisions ADD COLUMN nuisance INTEGER;
    ALTER TABLE decisions ADD COLUMN author TEXT;
    ALTER TABLE decisions ADD COLUMN value_currency TEXT;
    CREATE INDEX decisions_following ON decisions (follows) WHERE follows IS NOT NULL;
    CREATE INDEX decisions_of_accounts ON decisions (line, month, recorded, modelled, planned_cost)
      WHERE line IS NOT NULL;
    -- What a person says it saved.
    ALTER TABLE verdicts ADD COLUMN worth INTEGER;
    ALTER TABLE verdicts ADD COLUMN worth_currency TEXT;

    CREATE TABLE losses (
      id INTEGER PRIMARY KEY,
      asset TEXT NOT NULL,
      start INTEGER NOT NULL,  -- data time
      until INTEGER NOT NULL,
      cause TEXT,
      cost INTEGER,
      currency TEXT,
      planned INTEGER NOT NULL,
      origin TEXT NOT NULL,
      reference TEXT,
      recorded INTEGER NOT NULL,
      input INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX losses_known ON losses (origin, coalesce(reference, ''), asset, start);
    CREATE INDEX losses_by_asset ON losses (asset, start);
    -- What a rule came to on history.
    CREATE TABLE backtests (
      id INTEGER PRIMARY KEY,
      rule TEXT NOT NULL,
      logic_hash TEXT NOT NULL,
      first INTEGER NOT NULL,
      last INTEGER NOT NULL,
      decisions INTEGER NOT NULL,
      losses INTEGER NOT NULL,
      caught INTEGER NOT NULL,
      false_alarms INTEGER NOT NULL,
      net INTEGER NOT NULL,
      currency TEXT NOT NULL,
      person TEXT NOT NULL,
      at INTEGER NOT NULL,
      input INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX backtests_by_rule ON backtests (rule, id);
    -- Differences, each in the month it came about; never changed. The first position of a decision is in its own row:
    -- all that is modelled is unproven, and what it costs is planned.
    CREATE TABLE bookings (
      id INTEGER PRIMARY KEY,
      decision INTEGER REFERENCES decisions (id),  -- NULL: a loss that the rule of the line missed
      line INTEGER NOT NULL REFERENCES account_lines (id),
      recorded INTEGER NOT NULL,
      month INTEGER NOT NULL,
      because TEXT NOT NULL,  -- verdict, outcome, action, room, loss
      modelled INTEGER NOT NULL,
      measured INTEGER NOT NULL,
      over INTEGER NOT NULL,
      unproven INTEGER NOT NULL,
      cost INTEGER NOT NULL,
      judged INTEGER NOT NULL,
      confirmed INTEGER NOT NULL,
      false_alarms INTEGER NOT NULL,
      missed INTEGER NOT NULL,
      responded INTEGER NOT NULL,
      response INTEGER NOT NULL,  -- microseconds from the decision until somebody began
      input INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX bookings_by_decision ON bookings (decision) WHERE decision IS NOT NULL;
    CREATE INDEX bookings_of_accounts ON bookings (line, month, recorded, modelled, measured, over, unproven, cost,
      judged, confirmed, false_alarms, missed, responded, response);

    UPDATE meta SET schema = 4;
    """

  private static let fifth = """
    -- What the inputs of a batch mean (`Meaning`); NULL: they are older than the names.
    ALTER TABLE batches ADD COLUMN meaning INTEGER;

    UPDATE meta SET schema = 5;
    """

  /// Part of the fifth.
  private static let skippedLetters = """
    -- A message that is skipped because the process ended in it: over the source's name, topic and payload, which is
    -- whole; NULL is one that could not be read.
    ALTER TABLE dead_letters ADD COLUMN hash INTEGER;
    ALTER TABLE dead_letters ADD COLUMN retained INTEGER;
    -- What a person did with it: taken, dropped; NULL while it waits.
    ALTER TABLE dead_letters ADD COLUMN fate TEXT;
    CREATE INDEX dead_letters_skipped ON dead_letters (hash, fate) WHERE hash IS NOT NULL;
    """
}
