-- Cards that terminals take by their number. A permit that was withdrawn is deleted here: the coupon
-- table keeps what was issued, and the policies keep where it was in force.
CREATE TABLE permit (
    terminal INTEGER NOT NULL REFERENCES terminal (terminal),
    number   BLOB NOT NULL CHECK (length(number) IN (4, 7, 10)),
    issuer   INTEGER NOT NULL,
    serial   INTEGER NOT NULL,
    permit   BLOB NOT NULL,
    PRIMARY KEY (terminal, number)
) STRICT, WITHOUT ROWID;
