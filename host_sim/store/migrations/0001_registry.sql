-- Merchants, terminals, enrolment, policies, deny list.
-- Every table is found by its terminal, coupon or merchant first, so that it can be partitioned.

-- What this host is called and which keys are its own.
CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE merchant (
    merchant TEXT NOT NULL PRIMARY KEY,
    number   INTEGER NOT NULL UNIQUE CHECK (number BETWEEN 0 AND 4294967295),
    name     TEXT NOT NULL,
    scope    INTEGER NOT NULL CHECK (scope BETWEEN 0 AND 4294967295),
    currency INTEGER NOT NULL CHECK (currency BETWEEN 1 AND 999)
) STRICT, WITHOUT ROWID;

-- A row is never deleted: its id is never used again. Epoch and policy version count here,
-- within the terminal's own row.
CREATE TABLE terminal (
    terminal       INTEGER NOT NULL PRIMARY KEY CHECK (terminal BETWEEN 0 AND 4294967295),
    merchant       TEXT NOT NULL REFERENCES merchant (merchant),
    name           TEXT NOT NULL,
    site           INTEGER NOT NULL,
    settings       TEXT NOT NULL,
    identity       BLOB UNIQUE,
    epoch          INTEGER NOT NULL,
    policy_version INTEGER NOT NULL
) STRICT;

CREATE TABLE enrol_code (
    terminal       INTEGER NOT NULL PRIMARY KEY REFERENCES terminal (terminal),
    digits         TEXT NOT NULL,
    tries          INTEGER NOT NULL CHECK (tries >= 0),
    expires_unix_s INTEGER NOT NULL,
    request        BLOB,
    reply          BLOB
) STRICT;

CREATE TABLE policy (
    terminal INTEGER NOT NULL REFERENCES terminal (terminal),
    version  INTEGER NOT NULL CHECK (version > 0),
    policy   BLOB NOT NULL,
    PRIMARY KEY (terminal, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE denial (
    subject      BLOB NOT NULL PRIMARY KEY CHECK (length(subject) = 8),
    kind         TEXT NOT NULL,
    label        TEXT NOT NULL,
    added_unix_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
