// One payment from the question to the terminal's word, whatever carried the question. The phases:
//
//   idle -> listening -> asked -> answering -> waiting -> outcome -> idle
//              ^------ cancel ------'  ^--- again, full ---'
//
// What is shown when asked stays as it is until the payer cancels: a request heard meanwhile changes
// nothing. An ack is taken only for what was just answered.

import { decodeAck } from "./ack.js";
import { DecodeError, SignatureInvalid, WalletError } from "./errors.js";
import { parseAmount } from "./money.js";
import { UNKNOWN_PAYEE_CAP_MINOR } from "./payee.js";
import { ASK, decodeAsk, decodeRequest, fromText } from "./request.js";

/** How long the terminal's word is waited for before the page says where to look instead. */
export const PATIENCE_MS = 15_000;
const IDLE = Object.freeze({ phase: "idle" });

export class Flow {
  #sound;
  #wallet;
  #nowUnixS;
  #show;
  #impatience = null;
  #visit = 0; // what began before `close` may not show itself after it

  /** `show(state)` is called at every change; `nowUnixS()` tells the time. */
  constructor({ wallet, sound, nowUnixS, show, mode }) {
    this.#wallet = wallet;
    this.#sound = sound;
    this.#nowUnixS = nowUnixS;
    this.#show = show;
    this.mode = mode;
    this.state = IDLE;
    this.onLevel = () => {};
  }

  #turn(changes) {
    this.state = Object.freeze({ ...this.state, problem: null, ...changes });
    this.#show(this.state);
  }

  async listen() {
    const visit = ++this.#visit;
    this.#turn({ ...IDLE, phase: "listening" });
    try {
      await this.#hear();
      if (visit !== this.#visit && this.state.phase === "idle") this.#sound.hush();
    } catch (error) {
      if (visit === this.#visit) this.#fail(error, { phase: "idle" });
    }
  }

  #hear() {
    return this.#sound.listen((payload) => this.heard(payload), (level) => this.onLevel(level));
  }

  /** A frame came by sound; what is none of ours is let pass. */
  async heard(payload) {
    const { phase } = this.state;
    try {
      if (phase === "listening") {
        const request = decodeRequest(payload);
        if (!request.printed) await this.#learn(request, null);
      } else if (phase === "answering" || phase === "waiting") {
        decodeAck(payload);
        await this.#acknowledged(payload);
      }
    } catch (error) {
      if (error instanceof DecodeError || error instanceof SignatureInvalid) return;
      this.#fail(error);
    }
  }

  /** A line of text, pasted or scanned. */
  async read(line) {
    try {
      const { kind, bytes } = fromText(line);
      if (kind !== ASK) throw new DecodeError("text.kind", "is no request");
      const { request, payeeCard } = decodeAsk(bytes);
      await this.#learn(request, payeeCard);
    } catch (error) {
      this.#fail(error instanceof DecodeError ? new WalletError("error.not_a_request") : error);
    }
  }

  async #learn(request, payeeCard) {
    const visit = this.#visit;
    const payee = await this.#wallet.payeeName(request, payeeCard, this.#nowUnixS());
    const { amountMinor, currency } = request;
    const asked = { phase: "asked", request, payee, amountMinor, currency, confirmed: false };
    const chosen = await this.#chosen(request, amountMinor);
    if (visit === this.#visit) this.#turn({ ...asked, payment: null, word: null, ...chosen });
  }

  /** {holding}, or {holding: null, problem} where nothing here can pay that. */
  async #chosen({ currency }, amountMinor) {
    if (amountMinor === null) return { holding: null };
    try {
      return { holding: await this.#wallet.choose(currency, amountMinor, this.#nowUnixS()) };
    } catch (error) {
      if (error instanceof WalletError) return { holding: null, problem: error };
      throw error;
    }
  }

  /** What the payer typed for a printed request. */
  async type(text) {
    const { request } = this.state;
    try {
      const amountMinor = parseAmount(text, request.currency);
      this.#turn({ amountMinor, ...(await this.#chosen(request, amountMinor)) });
    } catch (error) {
      this.#fail(error, { holding: null, amountMinor: null });
    }
  }

  confirm(confirmed) {
    this.#turn({ confirmed });
  }

  /** Whether a press or a shake pays now. */
  get mayPay() {
    const { phase, holding, payee, confirmed, amountMinor } = this.state;
    const known = payee !== null || (confirmed && amountMinor <= UNKNOWN_PAYEE_CAP_MINOR);
    return phase === "asked" && Boolean(holding) && known;
  }

  /** Sign and answer by sound. From here on the amount is spent, whatever happens next. */
  async pay({ full = false } = {}) {
    const { phase, request, amountMinor } = this.state;
    if (phase === "asked" ? !this.mayPay : phase !== "waiting") return;
    this.#turn({ phase: "answering", payment: this.state.payment ?? null, quiet: false });
    try {
      const payment = await this.#wallet.pay(request, { nowUnixS: this.#nowUnixS(), amountMinor, full });
      this.#turn({ payment });
      await this.#hear().catch(() => {}); // without a microphone the screens must do
      await this.#sound.say(payment.presentation, this.mode);
      if (this.state.phase === "answering") this.#wait();
    } catch (error) {
      this.#fail(error, { phase: this.state.payment ? "waiting" : "asked" });
    }
  }

  #wait() {
    this.#turn({ phase: "waiting" });
    clearTimeout(this.#impatience);
    this.#impatience = setTimeout(() => {
      if (this.state.phase === "waiting") this.#turn({ quiet: true });
    }, PATIENCE_MS);
  }

  /** Play the same bytes again; with `full`, the coupon too. */
  again(full = false) {
    return this.pay({ full });
  }

  async #acknowledged(bytes) {
    const word = await this.#wallet.hearAck(bytes);
    if (!this.state.payment || word.payment.number !== this.state.payment.number) return;
    this.#finish();
    this.#turn({ phase: "outcome", word });
  }

  /** The payer saw the result on the terminal's screen, or gives up. */
  close() {
    this.#visit++;
    this.#finish();
    this.state = IDLE;
    this.#show(this.state);
  }

  #finish() {
    clearTimeout(this.#impatience);
    this.#sound.stop();
    this.#sound.hush();
  }

  #fail(error, changes = {}) {
    if (!(error instanceof WalletError)) console.error(error);
    const problem = error instanceof WalletError ? error : new WalletError("error.failed");
    this.#turn({ ...changes, problem });
  }
}
