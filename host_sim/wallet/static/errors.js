// What can go wrong, as types: a peer's bytes (DecodeError), a signature (SignatureInvalid), and
// what this wallet cannot do (WalletError, whose key is a text of words.js).

export class DecodeError extends Error {
  constructor(field, problem) {
    super(`${field}: ${problem}`);
    this.name = "DecodeError";
    this.field = field;
    this.problem = problem;
  }
}

export class SignatureInvalid extends Error {
  constructor(what) {
    super(what);
    this.name = "SignatureInvalid";
  }
}

export class WalletError extends Error {
  constructor(key, values = {}) {
    super(key);
    this.name = "WalletError";
    this.key = key;
    this.values = values;
  }
}
