extension Schema {
  /// Closings and silences; which limits, assets and earlier decisions a decision goes by.
  static let third = """
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
}
