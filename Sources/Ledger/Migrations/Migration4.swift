extension Schema {
  /// Accounts: values of decisions, lines, losses, backtests and bookings.
  static let fourth = """
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
}
