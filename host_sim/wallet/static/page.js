// The page: opens the wallet in this tab alone, shows where the payer is, and hands presses on.

import { fromHex } from "./bytes.js";
import { h, icon } from "./element.js";
import { DecodeError, WalletError } from "./errors.js";
import { Flow } from "./flow.js";
import {
  couponsView, elsewhereView, homeView, paymentsView, readView, scanView,
} from "./list_views.js";
import { answeringView, askedView, listeningView, outcomeView, waitingView } from "./pay_views.js";
import { canScan, scan } from "./scan.js";
import { canShake, feelShakes } from "./shake.js";
import { MODE_NAMES, Sound } from "./sound.js";
import { Store } from "./store.js";
import { Wallet } from "./wallet.js";
import { LANGUAGES, wordsOf } from "./words.js";

const OWNER_LOCK = "kumquat-wallet-page";
const TABS = Object.freeze({ pay: "sound", coupons: "coupon", payments: "list" });
const PHASES = Object.freeze({
  listening: listeningView, asked: askedView, answering: answeringView, waiting: waitingView,
  outcome: outcomeView,
});
const PLACES = Object.freeze({
  home: homeView, read: readView, scan: scanView, coupons: couponsView, payments: paymentsView,
  elsewhere: elsewhereView,
});
const nowUnixS = () => Math.floor(Date.now() / 1000);

class Page {
  #place = "home";
  #problem = null;
  #shown = "";
  #facts = { holdings: [], payments: [], nextKey: null, taken: null };
  #wallet = null;
  #flow = null;
  #camera = null;
  #feels = false;

  constructor(settings) {
    this.settings = settings;
    this.language = localStorage.getItem("language") ?? languageOfBrowser();
    this.mode = localStorage.getItem("mode") ?? "counter";
  }

  async open() {
    const { payee_key: payee, journal_keys: journals } = this.settings;
    const journalKeys = new Map(
      Object.entries(journals).map(([terminal, key]) => [Number(terminal), fromHex(key, "journal key")]),
    );
    const payeeKey = payee ? fromHex(payee, "payee key") : null;
    this.#wallet = new Wallet(await Store.open(), { payeeKey, journalKeys });
    const show = () => this.refresh();
    this.#flow = new Flow({ wallet: this.#wallet, sound: new Sound(), nowUnixS, show, mode: this.mode });
    this.#flow.onLevel = showLevel;
    await this.#own({ ifAvailable: true });
  }

  /** This tab has the wallet until another one takes it; then nothing here listens or pays. */
  async #own(options) {
    const held = new Promise((resolve) => {
      navigator.locks
        .request(OWNER_LOCK, options, (lock) => {
          resolve(lock !== null);
          return lock && new Promise(() => {});
        })
        .catch(() => this.#lose());
    });
    this.#place = (await held) ? "home" : "elsewhere";
    await this.refresh();
  }

  #lose() {
    this.#camera?.abort();
    this.#place = "elsewhere";
    this.#flow.close();
  }

  async refresh() {
    const [holdings, payments] = [await this.#wallet.holdings(), await this.#wallet.payments()];
    this.#facts = { ...this.#facts, holdings, payments };
    this.render();
  }

  render() {
    const t = wordsOf(this.language);
    const { phase, problem } = this.#flow.state;
    const paying = this.#place !== "elsewhere" && phase in PHASES;
    const view = paying ? PHASES[phase] : PLACES[this.#place];
    const state = paying ? this.#flow.state : this.#known();
    const [key, kept] = [paying ? phase : this.#place, typedSoFar()];
    document.documentElement.lang = LANGUAGES[this.language].tag;
    document.title = t("app.name");
    document.getElementById("notices").setAttribute("aria-label", t("app.name"));
    document.getElementById("notices").replaceChildren(...(this.settings.simulated ? [simulated(t)] : []));
    document.getElementById("bar").replaceChildren(...this.#bar(t));
    document.getElementById("tabs").replaceChildren(...(paying || this.#place === "elsewhere" ? [] : this.#tabs(t)));
    document.getElementById("tabs").setAttribute("aria-label", t("nav.label"));
    document.getElementById("main").replaceChildren(
      ...[problem ?? this.#problem].filter(Boolean).map((wrong) => complaint(t, wrong)),
      view(t, state, this.#acts()),
    );
    this.#settle(key, kept);
  }

  #known() {
    const { language, mode } = this;
    return { ...this.#facts, nowUnixS: nowUnixS(), language, mode, modes: MODE_NAMES };
  }

  /** Where the reader is: at the heading of a new place; in the same field of the same place. */
  #settle(key, kept) {
    const main = document.getElementById("main");
    document.body.dataset.place = key;
    if (key === this.#shown) {
      for (const [id, value] of kept.values) {
        const field = document.getElementById(id);
        if (field) field.value = value;
      }
      document.getElementById(kept.focus)?.focus({ preventScroll: true });
      return;
    }
    if (this.#shown) (main.querySelector("h1") ?? main).focus({ preventScroll: true });
    document.getElementById("said").textContent = main.querySelector("h1")?.textContent ?? "";
    this.#shown = key;
    window.scrollTo(0, 0);
  }

  #bar(t) {
    const next = this.language === "en" ? "zh" : "en";
    const { ownName, tag } = LANGUAGES[next];
    const change = () => {
      localStorage.setItem("language", next);
      this.language = next;
      this.render();
    };
    return [
      h("img", { src: "/static/kumquat.svg", alt: "", width: 32, height: 32 }),
      h("strong", {}, t("app.name")),
      h("button.language", { type: "button", id: "language", "aria-label": t("language.switch", { name: ownName }), onclick: change }, h("span", { lang: tag }, ownName)),
    ];
  }

  #tabs(t) {
    const here = this.#place in TABS ? this.#place : "pay";
    return Object.entries(TABS).map(([tab, sign]) =>
      h("button.tab", { type: "button", id: `tab-${tab}`, "aria-current": tab === here && "page", onclick: () => this.#go(tab === "pay" ? "home" : tab) }, icon(sign), t(`nav.${tab}`)));
  }

  #go(place) {
    this.#camera?.abort();
    this.#problem = null;
    this.#facts.taken = null;
    this.#place = place;
    return this.refresh();
  }

  #acts() {
    const flow = this.#flow;
    return {
      canScan: canScan(),
      canShake: canShake() && this.#feels,
      mayPay: flow.mayPay,
      listen: () => this.#start(() => flow.listen()),
      paste: () => this.#start(() => {
        flow.close();
        return this.#go("read");
      }),
      scan: () => this.#start(() => this.#scan()),
      read: (text) => this.#read(text),
      type: (text) => flow.type(text),
      confirm: (confirmed) => flow.confirm(confirmed),
      pay: () => flow.pay(),
      again: (full) => flow.again(full),
      close: () => {
        flow.close();
        return this.#go("home");
      },
      coupons: () => this.#go("coupons"),
      makeKey: () => this.#try(async () => {
        this.#facts.nextKey = await this.#wallet.keyForNextCoupon();
        await navigator.storage?.persist?.();
      }),
      take: (text) => this.#try(() => this.#take(text)),
      copy: (text, button) => copy(text, button, wordsOf(this.language)("copied")),
      setMode: (mode) => {
        localStorage.setItem("mode", mode);
        this.mode = flow.mode = mode;
      },
      takeOver: () => this.#own({ steal: true }),
    };
  }

  /** What begins with a press may also ask for the motion of the phone. */
  async #start(act) {
    this.#problem = null;
    if (!this.#feels) {
      feelShakes(() => this.#flow.mayPay && this.#flow.pay()).then((feels) => {
        this.#feels = feels;
      });
    }
    await act();
  }

  async #read(text) {
    await this.#flow.read(text);
    if (this.#flow.state.phase === "asked") this.#place = "home";
  }

  async #scan() {
    await this.#go("scan");
    this.#camera = new AbortController();
    await this.#try(async () => {
      const text = await scan(document.getElementById("camera"), this.#camera.signal);
      this.#camera = null;
      if (text !== null) await this.#read(text);
    });
  }

  async #take(text) {
    const { id } = await this.#wallet.receive(fromHex(text, "coupon"));
    this.#facts.nextKey = null;
    this.#facts.taken = id;
    document.getElementById("coupon-hex").value = "";
  }

  async #try(act) {
    this.#problem = null;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof WalletError || error instanceof DecodeError)) console.error(error);
      const own = error instanceof DecodeError ? new WalletError("error.not_a_coupon") : new WalletError("error.failed");
      this.#problem = error instanceof WalletError ? error : own;
    }
    await this.refresh();
  }
}

function languageOfBrowser() {
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function simulated(t) {
  return h("p.notice.simulated", {}, icon("flask"), h("strong", {}, t("simulated")), h("span", {}, t("simulated.detail")));
}

function complaint(t, { key, values }) {
  return h("div.problem", { role: "alert" }, icon("warning"),
    h("div", {}, h("strong", {}, t("error.title")), h("p", {}, t(key, values))));
}

function typedSoFar() {
  const fields = [...document.querySelectorAll("#main textarea, #main input:not([type=checkbox])")];
  return { values: fields.map(({ id, value }) => [id, value]), focus: document.activeElement?.id };
}

function showLevel(peak) {
  const percent = Math.min(100, Math.round(100 * Math.sqrt(peak)));
  document.getElementById("level")?.setAttribute("aria-valuenow", String(percent));
  const bar = document.getElementById("level-bar");
  if (bar) bar.style.inlineSize = `${percent}%`;
}

async function copy(text, button, said) {
  await navigator.clipboard.writeText(text);
  button.textContent = said;
}

async function start() {
  if (!window.isSecureContext) {
    const t = wordsOf(languageOfBrowser());
    document.getElementById("main").replaceChildren(complaint(t, { key: "error.insecure" }));
    return;
  }
  navigator.serviceWorker?.register("/service_worker.js").catch((error) => console.warn(error));
  const settings = await (await fetch("/settings.json")).json();
  await new Page(settings).open();
}

start();
