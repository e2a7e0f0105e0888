// The wallet's disk: IndexedDB, every change durable before it is answered (durability "strict").
// The order of writes is the point (wallet.js says why): `reserve` moves a balance forward and
// stores the question in one transaction, `keepSignature` stores the answer. A transaction that
// writes excludes every other tab's, so what is read in it is still true when it commits.

import { toHex } from "./bytes.js";
import { WalletError } from "./errors.js";

const NAME = "kumquat-wallet";
const VERSION = 1;
const STRICT = Object.freeze({ durability: "strict" });

export class Store {
  /** Opens, and makes where there is none, the database of this origin. */
  static async open(name = NAME) {
    const asked = indexedDB.open(name, VERSION);
    asked.onupgradeneeded = () => makeSchema(asked.result);
    return new Store(await done(asked));
  }

  constructor(database) {
    this.database = database;
    database.onversionchange = () => database.close(); // never block a newer page
  }

  close() {
    this.database.close();
  }

  /** Keep a new key; `key` is {privateKey, publicKey}. */
  addKey(key) {
    return this.#write("keys", (keys) => keys.add({ id: toHex(key.publicKey), ...key }));
  }

  keys() {
    return this.#read("keys", (keys) => keys.getAll());
  }

  /** The key of that public half, or undefined. */
  key(publicKey) {
    return this.#read("keys", (keys) => keys.get(toHex(publicKey)));
  }

  /** Store a coupon once; its balance stays where it is if it is already there. */
  addCoupon(id, bytes, publicKey) {
    return this.#change(["coupons"], async (coupons) => {
      if (await done(coupons.get(id))) return;
      coupons.add({ id, bytes, publicKey, nextMinor: 0, number: (await done(coupons.count())) + 1 });
    });
  }

  coupons() {
    return this.#read("coupons", (coupons) => coupons.getAll());
  }

  coupon(id) {
    return this.#read("coupons", (coupons) => coupons.get(id));
  }

  /**
   * Move the coupon's balance over the spend's interval and store the question, at once. An answer
   * that another tab made to the same question in the meantime is given back instead.
   * Raises WalletError when the interval does not begin at the balance, or ends above the limit.
   */
  reserve(answer, limitMinor) {
    return this.#change(["coupons", "answers"], async (coupons, answers) => {
      const made = await done(answers.index("digest").get(answer.digest));
      if (made) return made;
      const held = await done(coupons.get(answer.coupon));
      const { fromMinor, amountMinor } = answer.spend;
      if (!held || held.nextMinor !== fromMinor || amountMinor > limitMinor - fromMinor) {
        throw new WalletError("error.balance_moved");
      }
      coupons.put({ ...held, nextMinor: fromMinor + amountMinor });
      return { ...answer, number: await done(answers.add(answer)) };
    });
  }

  /** Store the signature of a reserved answer, once and for ever; the answer as it is stored. */
  keepSignature(number, signature) {
    return this.#changeAnswer(number, (kept) => (kept.signature ? kept : { ...kept, signature }));
  }

  /** From now on this answer carries its coupon; interval and signature stay. */
  spellOut(number) {
    return this.#changeAnswer(number, (kept) => ({ ...kept, full: true }));
  }

  /** Keep what the terminal said of a payment; a word that verified is never replaced. */
  keepAck(number, ack, verified) {
    return this.#changeAnswer(number, (kept) =>
      kept.ackVerified && !verified ? kept : { ...kept, ack, ackVerified: verified });
  }

  #changeAnswer(number, change) {
    return this.#change(["answers"], async (answers) => {
      const changed = change(await done(answers.get(number)));
      answers.put(changed);
      return changed;
    });
  }

  answer(digest) {
    return this.#read("answers", (answers) => answers.index("digest").get(digest));
  }

  /** The last `count` answers, newest first. */
  async answers(count = 200) {
    const found = [];
    const cursors = this.database.transaction("answers").objectStore("answers");
    const asked = cursors.openCursor(null, "prev");
    for (let at = await done(asked); at && found.length < count; at = await done(asked)) {
      found.push(at.value);
      at.continue();
    }
    return found;
  }

  async isKnown(terminal, coupon) {
    return (await this.#read("known", (known) => known.get(`${terminal} ${coupon}`))) !== undefined;
  }

  /** That terminal acknowledged a spend of this coupon. */
  know(terminal, coupon) {
    return this.#write("known", (known) => known.put({ id: `${terminal} ${coupon}` }));
  }

  /** That terminal said *coupon unknown here*. */
  forget(terminal, coupon) {
    return this.#write("known", (known) => known.delete(`${terminal} ${coupon}`));
  }

  /** Store a small value by name: a payee card. */
  keep(name, value) {
    return this.#write("kept", (kept) => kept.put({ name, value }));
  }

  async kept(name) {
    return (await this.#read("kept", (kept) => kept.get(name)))?.value ?? null;
  }

  #read(name, ask) {
    return done(ask(this.database.transaction(name).objectStore(name)));
  }

  #write(name, ask) {
    return this.#change([name], (store) => done(ask(store)));
  }

  /** Resolves once the disk has it; a change that throws leaves nothing behind. */
  async #change(names, change) {
    const transaction = this.database.transaction(names, "readwrite", STRICT);
    const committed = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new WalletError("error.storage"));
    });
    committed.catch(() => {}); // whoever waits for it below hears of it
    let outcome;
    try {
      outcome = await change(...names.map((name) => transaction.objectStore(name)));
    } catch (error) {
      if (error instanceof WalletError) transaction.abort();
      throw error;
    }
    await committed;
    return outcome;
  }
}

function makeSchema(database) {
  database.createObjectStore("keys", { keyPath: "id" });
  database.createObjectStore("coupons", { keyPath: "id" });
  const answers = database.createObjectStore("answers", { keyPath: "number", autoIncrement: true });
  answers.createIndex("digest", "digest", { unique: true });
  database.createObjectStore("known", { keyPath: "id" });
  database.createObjectStore("kept", { keyPath: "name" });
}

function done(asked) {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
