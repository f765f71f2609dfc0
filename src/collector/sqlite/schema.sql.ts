/** One entry a version of the store, applied in order and never changed once released; user_version counts them. */
export const MIGRATIONS: readonly string[] = [
  `
  -- Everything that was ever acknowledged, in the order of commit. (scope, key) is the sender's idempotency key.
  -- id is minted at commit: a store that was restored from a backup and went on differently shares no later id.
  CREATE TABLE records (
    sequence  INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL,
    namespace TEXT NOT NULL,
    scope     TEXT NOT NULL,
    key       TEXT NOT NULL,
    content   TEXT NOT NULL,
    at        TEXT NOT NULL,
    UNIQUE (namespace, scope, key)
  ) STRICT;

  -- ordinal counts a dataset's preferences, so that "how many since" is a subtraction.
  CREATE TABLE preferences (
    sequence   INTEGER PRIMARY KEY REFERENCES records,
    namespace  TEXT NOT NULL,
    dataset    TEXT NOT NULL,
    ordinal    INTEGER NOT NULL,
    prompt     TEXT NOT NULL,
    chosen     TEXT NOT NULL,
    rejected   TEXT NOT NULL,
    labeler    TEXT,
    labeled_at TEXT,
    cohort     TEXT
  ) STRICT;
  CREATE UNIQUE INDEX preferences_of_dataset ON preferences (namespace, dataset, sequence, ordinal);

  CREATE TABLE comparisons (
    sequence  INTEGER PRIMARY KEY REFERENCES records,
    namespace TEXT NOT NULL,
    canary    TEXT NOT NULL,
    candidate TEXT NOT NULL,
    stable    TEXT NOT NULL,
    unit      TEXT NOT NULL,
    vote      INTEGER NOT NULL,
    outcome   REAL NOT NULL CHECK (outcome IN (0, 0.5, 1)),
    labeler   TEXT,
    pair      TEXT NOT NULL
  ) STRICT;
  CREATE INDEX comparisons_of_run ON comparisons (namespace, canary, candidate, stable, sequence);
  CREATE UNIQUE INDEX comparisons_votes ON comparisons (namespace, canary, candidate, stable, unit, vote);

  -- Open: waits for a labeler. Judged and Decided stay, so that a comparison can be walked back to its texts.
  CREATE TABLE pairs (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace    TEXT NOT NULL,
    id           TEXT NOT NULL,
    dataset      TEXT NOT NULL,
    canary       TEXT NOT NULL,
    prompt       TEXT NOT NULL,
    stable       TEXT NOT NULL,
    candidate    TEXT,
    stable_text  TEXT,
    other_text   TEXT,
    content      TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('Open', 'Judged', 'Decided')),
    lease        TEXT,
    leased_until INTEGER,
    UNIQUE (namespace, id)
  ) STRICT;
  -- Holds all that the order of the queue depends on, so that ordering it reads no texts.
  CREATE INDEX pairs_open ON pairs (namespace, dataset, number, canary, stable, candidate, leased_until)
    WHERE state = 'Open';

  -- Kept after they expire: a labeler never sees a pair twice.
  CREATE TABLE leases (
    lease       TEXT PRIMARY KEY,
    pair        INTEGER NOT NULL REFERENCES pairs ON DELETE CASCADE,
    labeler     TEXT NOT NULL,
    stable_is_a INTEGER NOT NULL,
    UNIQUE (pair, labeler)
  ) STRICT;

  -- What each canary's newest pair was made of: those pairs are handed out first and dropped last.
  CREATE TABLE live (
    namespace TEXT NOT NULL,
    dataset   TEXT NOT NULL,
    canary    TEXT NOT NULL,
    stable    TEXT NOT NULL,
    candidate TEXT,
    PRIMARY KEY (namespace, dataset, canary)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE answers (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL,
    canary    TEXT NOT NULL,
    id        TEXT NOT NULL,
    revision  TEXT NOT NULL,
    prompt    TEXT NOT NULL,
    text      TEXT NOT NULL,
    checked   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (namespace, canary, id)
  ) STRICT;
  CREATE INDEX answers_unchecked ON answers (namespace, canary, number) WHERE checked = 0;
  CREATE INDEX answers_of_revision ON answers (namespace, canary, revision, number);

  CREATE TABLE checks (
    sequence  INTEGER PRIMARY KEY REFERENCES records,
    namespace TEXT NOT NULL,
    canary    TEXT NOT NULL,
    candidate TEXT NOT NULL,
    answer    TEXT NOT NULL,
    violation INTEGER NOT NULL,
    checker   TEXT NOT NULL,
    reason    TEXT
  ) STRICT;
  CREATE INDEX checks_of_run ON checks (namespace, canary, candidate, sequence);

  CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), writes INTEGER NOT NULL) STRICT;
  INSERT INTO probe VALUES (1, 0);
  `,
  `
  -- vote counts a rater's ratings of a revision; the rater is kept as a hash only.
  CREATE TABLE ratings (
    sequence  INTEGER PRIMARY KEY REFERENCES records,
    namespace TEXT NOT NULL,
    canary    TEXT NOT NULL,
    revision  TEXT NOT NULL,
    unit      TEXT NOT NULL,
    vote      INTEGER NOT NULL,
    outcome   REAL NOT NULL CHECK (outcome BETWEEN 0 AND 1),
    cohort    TEXT
  ) STRICT;
  CREATE INDEX ratings_of_revision ON ratings (namespace, canary, revision, sequence);
  CREATE UNIQUE INDEX ratings_of_rater ON ratings (namespace, canary, revision, unit, sequence, vote);
  `,
  `
  -- rater_vote counts a rater's choices between two revisions, as vote counts those on a prompt; nobody's are not counted.
  ALTER TABLE comparisons ADD COLUMN rater_vote INTEGER;
  UPDATE comparisons SET rater_vote = numbered.vote
  FROM (SELECT sequence, row_number() OVER (PARTITION BY namespace, canary, candidate, stable, labeler ORDER BY sequence) AS vote
        FROM comparisons WHERE labeler IS NOT NULL) AS numbered
  WHERE comparisons.sequence = numbered.sequence;
  CREATE UNIQUE INDEX comparisons_of_rater ON comparisons (namespace, canary, candidate, stable, labeler, rater_vote)
    WHERE labeler IS NOT NULL;
  `,
  `
  -- What the request said that it is of.
  ALTER TABLE pairs ADD COLUMN cohort TEXT;
  ALTER TABLE comparisons ADD COLUMN cohort TEXT;
  `,
  `
  -- What the candidate's model makes of the two answers, where whoever posted the pair knew it.
  ALTER TABLE pairs ADD COLUMN margin REAL;
  ALTER TABLE comparisons ADD COLUMN margin REAL;
  `,
  `
  -- In a selection a canary's newest pairs are of several candidates; '' is of none.
  CREATE TABLE live_by_candidate (
    namespace TEXT NOT NULL,
    dataset   TEXT NOT NULL,
    canary    TEXT NOT NULL,
    stable    TEXT NOT NULL,
    candidate TEXT NOT NULL,
    PRIMARY KEY (namespace, dataset, canary, candidate)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO live_by_candidate SELECT namespace, dataset, canary, stable, ifnull(candidate, '') FROM live;
  DROP TABLE live;
  ALTER TABLE live_by_candidate RENAME TO live;
  `,
  `
  -- Every version of every choice. One that was stored before there was this table has no row, and is not corrected.
  CREATE TABLE choices (
    sequence INTEGER PRIMARY KEY REFERENCES records,
    pair     INTEGER NOT NULL REFERENCES pairs,
    choice   TEXT NOT NULL CHECK (choice IN ('A', 'B', 'Tie'))
  ) STRICT;
  CREATE INDEX choices_of_pair ON choices (pair, sequence);

  -- The first version, where this is a later one: that has the same numbers and is no vote of its own.
  ALTER TABLE comparisons ADD COLUMN corrects INTEGER REFERENCES comparisons;
  DROP INDEX comparisons_votes;
  DROP INDEX comparisons_of_rater;
  CREATE UNIQUE INDEX comparisons_votes ON comparisons (namespace, canary, candidate, stable, unit, vote)
    WHERE corrects IS NULL;
  CREATE UNIQUE INDEX comparisons_of_rater ON comparisons (namespace, canary, candidate, stable, labeler, rater_vote)
    WHERE labeler IS NOT NULL AND corrects IS NULL;

  -- From this record on the preference is no longer read: what was read up to an earlier one stays as it was.
  ALTER TABLE preferences ADD COLUMN replaced_at INTEGER REFERENCES records;
  CREATE INDEX preferences_replaced ON preferences (namespace, dataset, replaced_at) WHERE replaced_at IS NOT NULL;
  `,
  `
  -- 1: the prompt was chosen to learn from and not by chance.
  ALTER TABLE pairs ADD COLUMN training INTEGER NOT NULL DEFAULT 0 CHECK (training IN (0, 1));
  ALTER TABLE preferences ADD COLUMN training INTEGER NOT NULL DEFAULT 0 CHECK (training IN (0, 1));
  DROP INDEX pairs_open;
  CREATE INDEX pairs_open ON pairs (namespace, dataset, number, canary, stable, candidate, training, leased_until)
    WHERE state = 'Open';
  `,
  `
  -- A choice may be a probability, and what is compared with it anything from 0 to 1.
  CREATE TABLE choices_or_probabilities (
    sequence INTEGER PRIMARY KEY REFERENCES records,
    pair     INTEGER NOT NULL REFERENCES pairs,
    choice   TEXT NOT NULL
  ) STRICT;
  INSERT INTO choices_or_probabilities SELECT sequence, pair, choice FROM choices;
  DROP TABLE choices;
  ALTER TABLE choices_or_probabilities RENAME TO choices;
  CREATE INDEX choices_of_pair ON choices (pair, sequence);

  CREATE TABLE comparisons_by_degree (
    sequence   INTEGER PRIMARY KEY REFERENCES records,
    namespace  TEXT NOT NULL,
    canary     TEXT NOT NULL,
    candidate  TEXT NOT NULL,
    stable     TEXT NOT NULL,
    unit       TEXT NOT NULL,
    vote       INTEGER NOT NULL,
    outcome    REAL NOT NULL CHECK (outcome BETWEEN 0 AND 1),
    labeler    TEXT,
    pair       TEXT NOT NULL,
    rater_vote INTEGER,
    cohort     TEXT,
    margin     REAL,
    corrects   INTEGER REFERENCES comparisons_by_degree
  ) STRICT;
  INSERT INTO comparisons_by_degree
  SELECT sequence, namespace, canary, candidate, stable, unit, vote, outcome, labeler, pair, rater_vote, cohort, margin, corrects
  FROM comparisons;
  -- Or each row that goes would be looked for in all others.
  CREATE INDEX comparisons_corrections ON comparisons (corrects) WHERE corrects IS NOT NULL;
  DROP TABLE comparisons;
  ALTER TABLE comparisons_by_degree RENAME TO comparisons;
  CREATE INDEX comparisons_of_run ON comparisons (namespace, canary, candidate, stable, sequence);
  CREATE UNIQUE INDEX comparisons_votes ON comparisons (namespace, canary, candidate, stable, unit, vote)
    WHERE corrects IS NULL;
  CREATE UNIQUE INDEX comparisons_of_rater ON comparisons (namespace, canary, candidate, stable, labeler, rater_vote)
    WHERE labeler IS NOT NULL AND corrects IS NULL;

  -- Of a check too the first version, where this is a later one.
  ALTER TABLE checks ADD COLUMN corrects INTEGER REFERENCES checks;
  CREATE INDEX checks_of_answer ON checks (namespace, canary, answer, sequence);
  `,
  `
  -- What other systems answered the operator about a candidate, for the archive of its run.
  CREATE TABLE asked (
    namespace TEXT NOT NULL,
    canary    TEXT NOT NULL,
    candidate TEXT NOT NULL,
    since     TEXT NOT NULL,
    gate      TEXT NOT NULL,
    sequence  INTEGER NOT NULL,
    answer    TEXT NOT NULL,
    PRIMARY KEY (namespace, canary, candidate, since, gate, sequence)
  ) STRICT, WITHOUT ROWID;
  `,
];
