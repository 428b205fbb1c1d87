extension Schema {
  /// Checksums of what no hash covers.
  static let sixth = """
    -- Of the row's values, where no hash covers them. NULL in rows that an earlier version wrote.
    ALTER TABLE meta ADD COLUMN checksum INTEGER;
    ALTER TABLE configurations ADD COLUMN checksum INTEGER;
    ALTER TABLE texts ADD COLUMN checksum INTEGER;
    ALTER TABLE configs ADD COLUMN checksum INTEGER;
    ALTER TABLE bindings ADD COLUMN checksum INTEGER;
    ALTER TABLE cuts ADD COLUMN checksum INTEGER;
    ALTER TABLE marks ADD COLUMN checksum INTEGER;
    ALTER TABLE snapshots ADD COLUMN checksum INTEGER;
    ALTER TABLE snapshot_pieces ADD COLUMN checksum INTEGER;
    ALTER TABLE conditions ADD COLUMN checksum INTEGER;
    ALTER TABLE reports ADD COLUMN checksum INTEGER;
    ALTER TABLE dead_letters ADD COLUMN checksum INTEGER;
    ALTER TABLE dead_letter_counts ADD COLUMN checksum INTEGER;
    ALTER TABLE silences ADD COLUMN checksum INTEGER;
    ALTER TABLE account_lines ADD COLUMN checksum INTEGER;
    ALTER TABLE held_back ADD COLUMN checksum INTEGER;
    ALTER TABLE actions ADD COLUMN checksum INTEGER;
    ALTER TABLE decisions ADD COLUMN checksum INTEGER;
    ALTER TABLE limits_used ADD COLUMN checksum INTEGER;
    ALTER TABLE verdicts ADD COLUMN checksum INTEGER;
    -- Commits that neither lengthened the journal nor the chain: without a count, the loss of such a one would not show.
    CREATE TABLE quiet_commits (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      count INTEGER NOT NULL,
      checksum INTEGER
    ) STRICT;
    INSERT INTO quiet_commits (one, count) VALUES (1, 0);

    UPDATE meta SET schema = 6;
    """
}
