-- Money. A spend is paid once: its row's key is (issuer, serial, from, amount, terminal).
-- Balances are never stored; they are a fold over postings.

CREATE TABLE coupon (
    issuer           INTEGER NOT NULL,
    serial           INTEGER NOT NULL,
    coupon           BLOB NOT NULL,
    holder           BLOB,
    limit_minor      INTEGER NOT NULL CHECK (limit_minor > 0),
    currency         INTEGER NOT NULL,
    scope            INTEGER NOT NULL,
    not_after_unix_s INTEGER NOT NULL,
    issued_unix_s    INTEGER NOT NULL,
    PRIMARY KEY (issuer, serial)
) STRICT, WITHOUT ROWID;

CREATE TABLE spend (
    issuer        INTEGER NOT NULL,
    serial        INTEGER NOT NULL,
    from_minor    INTEGER NOT NULL,
    amount_minor  INTEGER NOT NULL CHECK (amount_minor > 0),
    terminal      INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    idx           INTEGER NOT NULL,
    leaf          BLOB NOT NULL,
    presentation  BLOB NOT NULL,
    coupon_digest BLOB NOT NULL,
    PRIMARY KEY (issuer, serial, from_minor, amount_minor, terminal)
) STRICT, WITHOUT ROWID;
CREATE INDEX spend_by_entry ON spend (terminal, epoch, idx);

CREATE TABLE returned (
    terminal     INTEGER NOT NULL,
    epoch        INTEGER NOT NULL,
    idx          INTEGER NOT NULL,
    leaf         BLOB NOT NULL,
    issuer       INTEGER NOT NULL,
    serial       INTEGER NOT NULL,
    from_minor   INTEGER NOT NULL,
    spend_minor  INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (terminal, epoch, idx, leaf)
) STRICT, WITHOUT ROWID;
CREATE INDEX returned_by_spend ON returned (issuer, serial, from_minor, spend_minor, terminal);

-- Intervals nobody spent, given back to the holder once nobody could any more.
CREATE TABLE given_back (
    issuer     INTEGER NOT NULL,
    serial     INTEGER NOT NULL,
    from_minor INTEGER NOT NULL,
    end_minor  INTEGER NOT NULL CHECK (end_minor > from_minor),
    PRIMARY KEY (issuer, serial, from_minor)
) STRICT, WITHOUT ROWID;

-- The id is a hash of the cause, so that posting twice is posting once.
CREATE TABLE transfer (
    transfer BLOB NOT NULL PRIMARY KEY CHECK (length(transfer) = 16),
    kind     TEXT NOT NULL,
    unix_s   INTEGER NOT NULL,
    memo     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE posting (
    transfer     BLOB NOT NULL REFERENCES transfer (transfer),
    side         INTEGER NOT NULL,
    account      TEXT NOT NULL,
    currency     INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (transfer, side)
) STRICT, WITHOUT ROWID;
CREATE INDEX posting_by_account ON posting (account, currency, amount_minor);

CREATE TABLE settlement (
    merchant     TEXT NOT NULL REFERENCES merchant (merchant),
    number       INTEGER NOT NULL CHECK (number > 0),
    currency     INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    unix_s       INTEGER NOT NULL,
    transfer     BLOB NOT NULL REFERENCES transfer (transfer),
    PRIMARY KEY (merchant, number)
) STRICT, WITHOUT ROWID;
