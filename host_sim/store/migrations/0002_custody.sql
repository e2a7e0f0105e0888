-- What terminals sent, as sent. Custody is idempotent on (terminal, epoch, index, leaf).

-- The order of one journal in its own row: how far it is mirrored, with the Merkle frontier there.
CREATE TABLE journal (
    terminal INTEGER NOT NULL REFERENCES terminal (terminal),
    epoch    INTEGER NOT NULL,
    key      BLOB NOT NULL CHECK (length(key) = 32),
    size     INTEGER NOT NULL,
    frontier BLOB NOT NULL,
    note     BLOB NOT NULL,
    forked   INTEGER NOT NULL CHECK (forked IN (0, 1)),
    PRIMARY KEY (terminal, epoch)
) STRICT, WITHOUT ROWID;

-- Never deleted: forks stay beside the line. Only the answer changes: an empty verdict is one that
-- still waits (a refund whose sale has not arrived), a later verdict replaces an earlier one.
CREATE TABLE leaf (
    terminal        INTEGER NOT NULL,
    epoch           INTEGER NOT NULL,
    idx             INTEGER NOT NULL,
    leaf            BLOB NOT NULL CHECK (length(leaf) = 32),
    data            BLOB NOT NULL,
    received_unix_s INTEGER NOT NULL,
    status          INTEGER NOT NULL,
    reason          INTEGER NOT NULL,
    verdict         BLOB NOT NULL,
    PRIMARY KEY (terminal, epoch, idx, leaf),
    FOREIGN KEY (terminal, epoch) REFERENCES journal (terminal, epoch)
) STRICT, WITHOUT ROWID;

CREATE INDEX leaf_by_status ON leaf (status) WHERE status = 3;

-- Which of the leaves stands for an index. Frozen below journal.size.
CREATE TABLE line (
    terminal INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    idx      INTEGER NOT NULL,
    leaf     BLOB NOT NULL,
    PRIMARY KEY (terminal, epoch, idx),
    FOREIGN KEY (terminal, epoch, idx, leaf) REFERENCES leaf (terminal, epoch, idx, leaf)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
    evidence      BLOB NOT NULL PRIMARY KEY CHECK (length(evidence) = 16),
    kind          TEXT NOT NULL,
    against       TEXT NOT NULL,
    terminal      INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    idx           INTEGER NOT NULL,
    amount_minor  INTEGER NOT NULL,
    first         BLOB NOT NULL,
    second        BLOB NOT NULL,
    noted_unix_s  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
