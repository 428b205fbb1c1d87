extension Schema {
  /// The journal, decisions with their evidence, actions and what was sent for them, and the hash chain.
  static let first = """
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
}
