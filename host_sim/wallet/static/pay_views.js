// What the payer sees of one payment, phase by phase (flow.js). Each view is a function of words,
// state and what can be done; it decides nothing.

import { h, icon, money } from "./element.js";
import { CURRENCIES, formatAmount, moneyParts } from "./money.js";
import { UNKNOWN_PAYEE_CAP_MINOR } from "./payee.js";
import { PRESENTATION, toText } from "./request.js";

export function listeningView(t, _, act) {
  return h("section.stage", {},
    h("div.waves", { "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("span.waves-core", {}, icon("sound"))),
    h("h1", { tabIndex: -1 }, t("listening.title")),
    h("p.lead", {}, t("listening.text")),
    h("div.level", { role: "meter", id: "level", "aria-label": t("listening.level"), "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" }, h("b", { id: "level-bar" })),
    h("div.keys", {},
      h("button.button", { type: "button", onclick: act.paste }, icon("type"), t("home.paste")),
      h("button.button", { type: "button", onclick: act.close }, t("cancel"))));
}

export function askedView(t, state, act) {
  const { request, payee, amountMinor, currency, holding } = state;
  const amount = amountMinor === null ? null : moneyParts(amountMinor, currency);
  return h("section.stage.stage-asked", {},
    h("h1.visually-hidden", { tabIndex: -1 }, t("asked.title")),
    h("div.bill", {},
      payee === null ? unknownPayee(t, request) : knownPayee(t, request, payee),
      amount === null ? null : h("p.huge", {}, money(amount)),
      request.printed ? typedAmount(t, state, act) : null,
      holding ? fromCoupon(t, state) : null),
    payee === null && holding ? confirmation(t, state, act) : null,
    h("div.keys", {},
      h("button.button.primary.grow", { type: "button", id: "pay", disabled: !act.mayPay, onclick: act.pay },
        icon("sound"), amount === null ? t("nav.pay") : t("asked.pay", { amount: formatAmount(amountMinor, currency) })),
      act.canShake && act.mayPay ? h("p.hint.shake", {}, icon("shake"), t("asked.shake")) : null,
      h("button.button", { type: "button", onclick: act.close }, t("cancel"))));
}

function knownPayee(t, { terminal }, name) {
  return h("div.payee", {},
    h("p.small", {}, t("asked.to")),
    h("p.payee-name", { dir: "auto" }, name),
    h("p.payee-proof", {}, icon("named"), t("asked.named", { terminal })));
}

function unknownPayee(t, { terminal }) {
  return h("div.payee.payee-unknown", {},
    h("p.small", {}, t("asked.to")),
    h("p.payee-name", {}, icon("warning"), t("asked.unknown")),
    h("p.payee-doubt", {}, t("asked.unknown_detail", { terminal })));
}

function confirmation(t, { confirmed, amountMinor, currency }, act) {
  if (amountMinor > UNKNOWN_PAYEE_CAP_MINOR) {
    const amount = formatAmount(UNKNOWN_PAYEE_CAP_MINOR, currency);
    return h("p.problem", { role: "alert" }, icon("warning"), t("asked.cap", { amount }));
  }
  return h("label.confirm", {},
    h("input", { type: "checkbox", id: "confirm", checked: confirmed, onchange: ({ target }) => act.confirm(target.checked) }),
    h("span", {}, t("asked.confirm")));
}

function typedAmount(t, { currency }, act) {
  const [letters] = CURRENCIES.get(currency);
  const field = h("input", { id: "amount", inputMode: "decimal", autocomplete: "off" });
  const submit = (event) => {
    event.preventDefault();
    act.type(field.value);
  };
  return h("form.typed", { onsubmit: submit },
    h("label", { for: "amount" }, t("asked.typed", { letters })),
    h("div", {}, field, h("button.button", { type: "submit" }, t("asked.set"))));
}

function fromCoupon(t, { holding, amountMinor, currency }) {
  const left = formatAmount(holding.remainingMinor - amountMinor, currency);
  return h("dl.facts", {},
    h("div", {}, h("dt", {}, t("asked.from")), h("dd", {}, holding.id)),
    h("div", {}, h("dt", {}, t("asked.left")), h("dd", {}, left)));
}

export function answeringView(t, { payment, amountMinor, currency }, act) {
  return h("section.stage", {},
    h("div.waves.waves-out", { "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("span.waves-core", {}, icon("sound"))),
    h("h1", { tabIndex: -1 }, t("answering.title")),
    h("p.lead", {}, t("answering.text")),
    h("p.sum", {}, money(moneyParts(amountMinor, currency))),
    payment ? checkCode(t, payment) : null,
    h("div.keys", {}, h("button.button", { type: "button", onclick: act.close }, t("waiting.close"))));
}

export function waitingView(t, { payment, amountMinor, currency, quiet }, act) {
  return h("section.stage", {},
    h("div.waves", { "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("span.waves-core", {}, icon(quiet ? "clock" : "sound"))),
    h("h1", { tabIndex: -1 }, t(quiet ? "waiting.quiet" : "waiting.title")),
    h("p.lead", {}, t(quiet ? "waiting.quiet_text" : "waiting.text")),
    h("p.sum", {}, money(moneyParts(amountMinor, currency))),
    checkCode(t, payment),
    h("div.keys.keys-two", {},
      h("button.button.primary", { type: "button", id: "again", onclick: () => act.again(false) }, icon("sound"), t("waiting.again")),
      h("button.button", { type: "button", onclick: act.close }, t("waiting.close")),
      payment.full ? null : h("button.button.wide", { type: "button", id: "full", onclick: () => act.again(true) }, t("waiting.full"))),
    h("details.text-form", {},
      h("summary", {}, t("waiting.text_form")),
      h("code", { id: "presentation" }, toText(PRESENTATION, payment.presentation))));
}

function checkCode(t, { code }) {
  return h("div.code", {},
    h("p", {}, t("code.title")),
    h("p.code-digits", { id: "code" }, code),
    h("p.small", {}, t("code.detail")));
}

export function outcomeView(t, { word, payment, amountMinor, currency }, act) {
  const { ack, accepted, verified } = word;
  return h(`section.verdict.verdict-${verified ? (accepted ? "accepted" : "declined") : "heard"}`, {},
    h("div.verdict-sign", {}, icon(accepted ? "accepted" : "declined")),
    h("h1", { tabIndex: -1 }, t(titleOf(word))),
    h("p.huge", {}, money(moneyParts(amountMinor, currency))),
    accepted ? null : h("p.lead", {}, t("outcome.declined_text")),
    h("dl.proof", {},
      h("div", {}, h("dt", {}, t("code.title")), h("dd", { id: "code" }, payment.code)),
      h("div", {}, h("dt", {}, t("outcome.entry")), h("dd", { id: "entry" }, String(ack.index)))),
    h("p.honest", {}, icon(verified ? "named" : "warning"),
      h("span", {}, t(verified ? "outcome.verified" : "outcome.unverified"), " ", accepted ? t("outcome.offline") : "")),
    h("div.keys", {}, h("button.button.grow", { type: "button", id: "done", onclick: act.close }, t("outcome.done"))));
}

function titleOf({ accepted, again, verified }) {
  if (!verified) return accepted ? "outcome.heard" : "outcome.heard_declined";
  return again ? "outcome.again" : accepted ? "outcome.accepted" : "outcome.declined";
}
