"""Named purposes over `cryptography`: CBOR and COSE, keys, Merkle trees, signed notes."""
