/* The seller's page, alive: the keypad answers at once, a scanner's line is caught anywhere, and the
   page follows the terminal. Without this script everything still works, by whole pages.
   The keypad's rules are those of terminal/kiosk/keypad.py; a browser test holds the two equal. */
"use strict";

const body = document.body;
const exponent = () => Number(body.dataset.exponent);

/* ---- the keypad ---- */

const MAX_TYPED = 48;
const MAX_WHOLE = 9;
const isPositive = (term) => /[1-9]/.test(term);
const lastTerm = (typed) => typed.slice(typed.lastIndexOf("+") + 1);

function press(typed, key) {
  if (key === "clear") return "";
  if (key === "back") return typed.slice(0, -1);
  if (key === "00") return press(press(typed, "0"), "0");
  if (typed.length >= MAX_TYPED) return typed;
  const term = lastTerm(typed);
  if (key === "+") return isPositive(term) ? typed + "+" : typed;
  if (key === ".") {
    if (!exponent() || term.includes(".")) return typed;
    return typed + (term ? "." : "0.");
  }
  if (!/^[0-9]$/.test(key)) return typed;
  const point = term.indexOf(".");
  if (point >= 0) return term.length - point - 1 < exponent() ? typed + key : typed;
  if (term === "0") return typed.slice(0, -1) + key;
  return term.length < MAX_WHOLE ? typed + key : typed;
}

function add(typed, minor) {
  const unit = 10 ** exponent();
  const part = minor % unit;
  const whole = String((minor - part) / unit);
  const term = part ? whole + "." + String(part).padStart(exponent(), "0") : whole;
  const last = lastTerm(typed);
  const head = isPositive(last) ? typed + "+" : typed.slice(0, typed.length - last.length);
  const grown = head + term;
  return grown.length <= MAX_TYPED ? grown : typed;
}

function totalMinor(typed) {
  let total = 0;
  for (const term of typed.split("+")) {
    const [whole, part = ""] = term.split(".");
    total += Number(whole || 0) * 10 ** exponent() + Number(part.padEnd(exponent(), "0") || 0);
  }
  return total;
}

function formatMinor(minor) {
  const unit = 10 ** exponent();
  const part = minor % unit;
  const whole = String((minor - part) / unit);
  return exponent() ? whole + "." + String(part).padStart(exponent(), "0") : whole;
}

function showTyped(typed) {
  const field = document.getElementById("typed");
  if (!field) return;
  field.value = typed;
  document.querySelector("#total .number").textContent = formatMinor(totalMinor(typed));
}

function onKeypad(event) {
  const button = event.target.closest("#till button");
  const field = document.getElementById("typed");
  if (!button || !field || button.formMethod === "post") return;
  event.preventDefault();
  showTyped(button.name === "add" ? add(field.value, Number(button.dataset.minor)) : press(field.value, button.value));
}

/* ---- the keyboard and the scanner ---- */

const KEYS = { ".": ".", ",": ".", "+": "+", Backspace: "back", Delete: "clear" };
const SCAN_PAUSE_MS = 1500;
const MAX_LINE = 1024;
let line = "";
let lineAt = 0;

function scanKey(event) {
  const now = event.timeStamp;
  if (now - lineAt > SCAN_PAUSE_MS) line = "";
  if (event.key === "Enter" && /^KQ/i.test(line)) {
    event.preventDefault();
    sendScan(line);
    line = "";
    return true;
  }
  const starts = line === "" && /^k$/i.test(event.key) && !event.target.closest("#line");
  if (!starts && line === "") return false;
  if (event.key === "Shift") return true;
  if (event.key.length !== 1 || line.length >= MAX_LINE) {
    line = "";
    return false;
  }
  event.preventDefault();
  line += event.key;
  lineAt = now;
  return true;
}

function sendScan(text) {
  const form = document.getElementById("scan");
  form.elements.line.value = text;
  form.requestSubmit();
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (scanKey(event)) return;
  if (event.key === "Escape") return onEscape(event);
  const field = document.getElementById("typed");
  if (!field || (event.target.closest("input") && event.target !== field)) return;
  if (event.key === "Enter" && !event.target.closest("button, a")) {
    event.preventDefault();
    document.getElementById("charge").click();
    return;
  }
  const key = /^[0-9]$/.test(event.key) ? event.key : KEYS[event.key];
  if (!key) return;
  event.preventDefault();
  showTyped(press(field.value, key));
}

function onEscape(event) {
  if (document.getElementById("typed")) return showTyped("");
  const way = document.querySelector("[data-escape]");
  if (!way) return;
  event.preventDefault();
  way.click();
}

/* ---- following the terminal ---- */

const LOST_AFTER_MS = 21000;
const regions = new Map();
let loading = false;
let again = false;
let leaving = false; /* a page is on its way: this one must not change under a scanner */
let asked = 0;
let shown = 0;
let lostTimer = 0;

function remember(root) {
  for (const region of root.querySelectorAll("[data-region]")) regions.set(region.dataset.region, region.innerHTML);
}

function focusMain() {
  const wanted = document.querySelector("[data-autofocus]") || document.getElementById("typed");
  (wanted || document.getElementById("main")).focus({ preventScroll: true });
}

/* Only what changed is replaced, so an amount half typed survives what happens elsewhere. */
function swap(next) {
  let main = false;
  for (const region of next.querySelectorAll("[data-region]")) {
    const name = region.dataset.region;
    if (regions.get(name) === region.innerHTML) continue;
    regions.set(name, region.innerHTML);
    document.querySelector(`[data-region="${name}"]`).replaceChildren(...region.childNodes);
    main = main || name === "main";
  }
  if (next.body.dataset.url !== body.dataset.url) history.pushState(null, "", next.body.dataset.url);
  for (const [name, value] of Object.entries(next.body.dataset)) body.dataset[name] = value;
  document.title = next.title;
  if (main) focusMain();
}

/* An answer that was overtaken by a later one is not shown; a message always is. */
async function ask(address, options, mayReplace) {
  const mine = ++asked;
  const answer = await fetch(address, options);
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!next.body.dataset.url) throw new Error("not a page of the terminal");
  if (leaving || (answer.ok && mine < shown) || !mayReplace(answer, next)) return;
  shown = Math.max(shown, mine);
  swap(next);
}

async function load() {
  again = true;
  if (loading) return;
  loading = true;
  try {
    while (again) {
      again = false;
      const samePage = (answer, next) => answer.ok && next.body.dataset.page === body.dataset.page;
      await ask(body.dataset.url, {}, samePage);
    }
  } catch {
    if (!leaving) setLost(true);
  } finally {
    loading = false;
  }
}

/* ---- one press is one press, and the page stays while it is answered ---- */

const WHOLE_PAGE = ["/language", "/hand"];

async function onSubmit(event) {
  const form = event.target;
  const button = event.submitter;
  const method = (button && button.formMethod) || form.method;
  if (event.defaultPrevented || method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const action = (button && button.getAttribute("formaction")) || form.getAttribute("action");
  if (WHOLE_PAGE.includes(action)) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form));
  try {
    await ask(action, { method: "POST", body: fields }, () => true);
  } catch {
    setLost(true);
  } finally {
    delete form.dataset.sent;
  }
}

function setLost(lost) {
  document.getElementById("lost").hidden = !lost;
}

function heard() {
  setLost(false);
  clearTimeout(lostTimer);
  lostTimer = setTimeout(() => setLost(true), LOST_AFTER_MS);
}

function follow() {
  const source = new EventSource("/live");
  source.addEventListener("alive", heard);
  source.addEventListener("error", () => {
    if (!leaving) setLost(true);
  });
  source.addEventListener("screen", (event) => {
    heard();
    const [version, phase] = event.data.split(" ");
    if (leaving || version === body.dataset.version) return;
    const result = phase !== body.dataset.phase && ["accepted", "declined", "stopped"].includes(phase);
    if (result && body.dataset.page !== "sell") location.assign("/");
    else load();
  });
  window.addEventListener("beforeunload", () => {
    leaving = true;
  });
  window.addEventListener("pagehide", () => source.close());
}

/* The scanner is heard anywhere: a small screen may spare the line to scan into. */
document.documentElement.classList.add("js");
remember(document);
document.addEventListener("click", onKeypad);
document.addEventListener("mousedown", (event) => {
  /* A finger on a key leaves the focus on the amount, so that Enter still charges. */
  if (event.target.closest(".key, .favourite")) event.preventDefault();
});
document.addEventListener("keydown", onKey, true);
document.addEventListener("submit", onSubmit);
document.addEventListener("input", (event) => {
  if (event.target.id === "typed" && !/^[0-9.+]*$/.test(event.target.value)) showTyped("");
});
window.addEventListener("popstate", () => location.reload());
window.addEventListener("pageshow", (event) => {
  leaving = false;
  for (const form of document.forms) delete form.dataset.sent;
  if (event.persisted) location.reload();
});
follow();
focusMain();
window.kumquat = Object.freeze({ press, add, totalMinor, formatMinor });
