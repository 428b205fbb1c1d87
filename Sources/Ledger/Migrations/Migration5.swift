extension Schema {
  /// What batches mean, and messages that are skipped.
  static let fifth = """
    -- What the inputs of a batch mean (`Meaning`); NULL: they are older than the names.
    ALTER TABLE batches ADD COLUMN meaning INTEGER;

    -- A message that is skipped because the process ended in it: over the source's name, topic and payload, which is
    -- whole; NULL is one that could not be read.
    ALTER TABLE dead_letters ADD COLUMN hash INTEGER;
    ALTER TABLE dead_letters ADD COLUMN retained INTEGER;
    -- What a person did with it: taken, dropped; NULL while it waits.
    ALTER TABLE dead_letters ADD COLUMN fate TEXT;
    CREATE INDEX dead_letters_skipped ON dead_letters (hash, fate) WHERE hash IS NOT NULL;

    UPDATE meta SET schema = 5;
    """
}
