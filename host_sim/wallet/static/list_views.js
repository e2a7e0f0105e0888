// Everything but a payment: home, coupons and adding one, payments, reading a code, another tab.

import { decodeAck, DECLINED } from "./ack.js";
import { toHex } from "./bytes.js";
import { h, icon, money } from "./element.js";
import { formatAmount, moneyParts } from "./money.js";

export function homeView(t, { holdings, nowUnixS, mode, modes }, act) {
  const balances = balancesOf(holdings, nowUnixS);
  return h("section.home", {},
    h("div.balance", {},
      h("h1", { tabIndex: -1 }, t("balance.title")),
      balances.length
        ? balances.map(([currency, minor]) => h("p.huge", { id: `balance-${currency}` }, money(moneyParts(minor, currency))))
        : h("p.balance-none", {}, t("balance.none")),
      h("p.small", {}, t("balance.offline"))),
    balances.length ? payKeys(t, act) : h("div.keys", {}, h("button.button.primary.grow", { type: "button", onclick: act.coupons }, icon("coupon"), t("balance.add_first"))),
    balances.length ? modeChoice(t, mode, modes, act) : null);
}

function payKeys(t, act) {
  return h("div.home-keys", {},
    h("button.round", { type: "button", id: "listen", onclick: act.listen }, icon("sound"), h("span", {}, t("home.pay"))),
    h("p.hint", {}, t("home.how")),
    h("div.keys.keys-two", {},
      act.canScan ? h("button.button", { type: "button", onclick: act.scan }, icon("scan"), t("home.scan")) : null,
      h("button.button", { type: "button", id: "paste", onclick: act.paste }, icon("type"), t("home.paste"))));
}

function modeChoice(t, mode, modes, act) {
  const options = modes.map((name) => h("option", { value: name, selected: name === mode }, t(`mode.${name}`)));
  return h("p.mode", {},
    h("label", { for: "mode" }, t("settings.mode")),
    h("select", { id: "mode", onchange: ({ target }) => act.setMode(target.value) }, options));
}

/** [[currency, minor units], …] of what can be spent now. */
export function balancesOf(holdings, nowUnixS) {
  const sums = new Map();
  for (const { coupon, remainingMinor } of holdings) {
    if (coupon.notAfter < nowUnixS || coupon.notBefore > nowUnixS) continue;
    sums.set(coupon.currency, (sums.get(coupon.currency) ?? 0) + remainingMinor);
  }
  return [...sums];
}

export function readView(t, _, act) {
  const field = h("textarea", { id: "code-text", rows: 5, spellcheck: false, autocapitalize: "characters", autocomplete: "off" });
  return h("section.page", {},
    h("h1", { tabIndex: -1 }, t("read.title")),
    h("label", { for: "code-text" }, t("read.label")),
    field,
    h("div.keys.keys-two", {},
      h("button.button.primary", { type: "button", id: "go", onclick: () => act.read(field.value) }, t("read.go")),
      h("button.button", { type: "button", onclick: act.close }, t("cancel"))));
}

export function scanView(t, _, act) {
  return h("section.page", {},
    h("h1", { tabIndex: -1 }, t("scan.title")),
    h("video.camera", { id: "camera", muted: true, playsInline: true }),
    h("div.keys", {}, h("button.button", { type: "button", onclick: act.close }, t("cancel"))));
}

export function couponsView(t, { holdings, nowUnixS, language, nextKey, taken }, act) {
  return h("section.page", {},
    h("h1", { tabIndex: -1 }, t("coupons.title")),
    holdings.length
      ? h("ul.coupons", {}, holdings.map((held) => couponCard(t, held, nowUnixS, language)))
      : h("p.empty", {}, t("coupons.none")),
    adding(t, nextKey, taken, act));
}

function couponCard(t, { id, coupon, remainingMinor }, nowUnixS, language) {
  const { currency, limitMinor, notAfter, notBefore } = coupon;
  const percent = limitMinor ? Math.floor((100 * remainingMinor) / limitMinor) : 0;
  const old = notAfter < nowUnixS;
  const [key, moment] = old ? ["expired", notAfter] : notBefore > nowUnixS ? ["later", notBefore] : ["until", notAfter];
  const date = dateOf(moment, language);
  return h(old || remainingMinor === 0 ? "li.coupon.coupon-over" : "li.coupon", {},
    h("p.coupon-left", {}, money(moneyParts(remainingMinor, currency))),
    h("p.small", {}, remainingMinor === 0 ? t("coupons.used") : t("coupons.of", { amount: formatAmount(limitMinor, currency) })),
    h("meter", { min: 0, max: limitMinor || 1, value: remainingMinor, "aria-label": t("coupons.left", { percent }) }),
    h("p.coupon-line", {}, h("span", {}, t("coupons.id", { id })), h("span", {}, t(`coupons.${key}`, { date }))));
}

function adding(t, nextKey, taken, act) {
  const field = h("textarea", { id: "coupon-hex", rows: 4, spellcheck: false, autocomplete: "off" });
  const hex = nextKey ? toHex(nextKey) : "";
  return h("div.card", {},
    h("h2", {}, t("add.title")),
    taken ? h("p.taken", { id: "taken" }, icon("accepted"), t("add.taken", { id: taken })) : null,
    h("p.step", {}, t("add.step1")),
    nextKey
      ? h("div.key", {}, h("p.small", { id: "key-label" }, t("add.key")), h("code", { id: "next-key", "aria-labelledby": "key-label" }, hex),
          h("button.button", { type: "button", onclick: ({ currentTarget }) => act.copy(hex, currentTarget) }, t("copy")))
      : h("button.button", { type: "button", id: "make-key", onclick: act.makeKey }, t("add.show")),
    h("p.step", {}, t("add.step2")),
    h("label", { for: "coupon-hex" }, t("add.coupon")),
    field,
    h("button.button.primary", { type: "button", id: "take", onclick: () => act.take(field.value) }, t("add.take")));
}

export function paymentsView(t, { payments, language }, _) {
  return h("section.page", {},
    h("h1", { tabIndex: -1 }, t("payments.title")),
    payments.length
      ? h("ol.payments", {}, payments.map((payment) => paymentLine(t, payment, language)))
      : h("p.empty", {}, t("payments.none")));
}

function paymentLine(t, payment, language) {
  const { spend, currency, terminal, code, unixS } = payment;
  const [look, said] = fateOf(t, payment);
  return h("li.payment", {},
    h("div", {}, h("p.payment-to", {}, t("payments.to", { terminal })), h("p.small", {}, `${dateTimeOf(unixS, language)} · ${t("payments.code", { code })}`)),
    h("p.payment-sum", {}, money(moneyParts(spend.amountMinor, currency))),
    h(`p.fate.fate-${look}`, {}, icon({ accepted: "accepted", heard: "accepted", declined: "declined", sent: "clock" }[look]), said));
}

function fateOf(t, { ack, ackVerified }) {
  if (!ack) return ["sent", t("payments.sent")];
  const { status, index } = decodeAck(ack);
  if (status === DECLINED) return ["declined", t("payments.declined")];
  return ackVerified ? ["accepted", t("payments.accepted", { index })] : ["heard", t("payments.heard", { index })];
}

export function elsewhereView(t, _, act) {
  return h("section.stage", {},
    h("div.sign", {}, icon("tabs")),
    h("h1", { tabIndex: -1 }, t("elsewhere.title")),
    h("p.lead", {}, t("elsewhere.text")),
    h("div.keys", {}, h("button.button.primary.grow", { type: "button", id: "take-over", onclick: act.takeOver }, t("elsewhere.take"))));
}

function dateOf(unixS, language) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(unixS * 1000);
}

function dateTimeOf(unixS, language) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(unixS * 1000);
}
