extension Schema {
  /// Look-ups, outcomes, verdicts, instructions and halts; snapshots, marks and cuts of the journal, and its hashes.
  static let second = """
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
}
