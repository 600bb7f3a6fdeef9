// Puts the page together: settings, routes, and the line that says how fresh everything is.

import { Api } from "./api.js";
import { DayView } from "./chart.js";
import { RedriveDialog, TokenDialog } from "./dialogs.js";
import { Feed } from "./feed.js";
import { ListView } from "./list.js";
import { Poller } from "./poller.js";
import { RelayView } from "./relay.js";
import { Session } from "./session.js";
import { tickSince, UnreachedView } from "./unreached.js";
import { clock, isText, otherEnd, show, span, waitsForAPerson } from "./words.js";

// From this width on, list and relay fit side by side.
const WIDE = matchMedia("(min-width: 78rem)");
const get = (id) => document.getElementById(id);

const SETTINGS_RETRY_MS = 3000;

/** Returns where the routes are, and what final statuses are called. Until both are loaded the page only says that they are not. */
async function loadSettings() {
  for (;;) {
    try {
      const answers = await Promise.all([fetch("settings.json"), fetch("words.json")]);
      if (answers.every((answer) => answer.ok)) return await Promise.all(answers.map((answer) => answer.json()));
    } catch {
      // Shown below and tried again, as any other answer.
    }
    show(get("trouble-words"), "This page cannot be loaded whole. Trying again.");
    get("trouble-retry").hidden = true;
    get("trouble").hidden = false;
    await new Promise((resolve) => setTimeout(resolve, SETTINGS_RETRY_MS));
  }
}

const [settings, words] = await loadSettings();
const session = new Session(settings.token_url);
const api = new Api(settings.api_url, session);
const feed = new Feed(api);
const poller = new Poller(() => feed.round());
const token = new TokenDialog(session, () => poller.poke());
const redrive = new RedriveDialog(api, (row, count) => {
  announce(count === 1 ? `The relay from ${row.sender_phone} is redriven.` : `${count} relays from ${row.sender_phone} are redriven.`);
  relay.refresh();
  poller.poke();
});
const ask = (row, isOfNumber) => redrive.open(row, isOfNumber);
const relay = new RelayView(api, feed, words.attempt_ends, ask);
const list = new ListView(feed, api, words.outcomes, (id) => (location.hash = `#/relay/${id}`));
const wall = new UnreachedView(feed, api, poller, ask);
new DayView(feed, api, words.outcomes);

let lastList = "#/";

function route(event) {
  const [, view = "", id = ""] = location.hash.split("/");
  const name = view === "relay" && id ? "relay" : view === "unreached" ? "unreached" : "live";
  if (name !== "relay") lastList = location.hash || "#/";
  const beside = name === "relay" && WIDE.matches && !lastList.includes("unreached");
  document.body.dataset.view = name;
  document.body.dataset.split = String(beside);
  get("live").hidden = name !== "live" && !beside;
  get("unreached").hidden = name !== "unreached";
  get("relay").hidden = name !== "relay";
  get("relay-back").href = lastList;
  for (const link of document.querySelectorAll("[data-view]:is(a)")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const row of document.querySelectorAll("#rows tr")) row.classList.toggle("chosen", row.dataset.id === id);
  relay.open(name === "relay" ? id : null);
  if (name === "unreached") wall.draw();
  // The keyboard's focus goes to the view that was opened; Escape leads back to the list.
  if (event?.type === "hashchange") get(beside ? "relay" : "main").focus();
  title();
}

function title() {
  const count = wall.unreachedCount;
  document.title = `${count ? `(${count}) ` : ""}${document.body.dataset.view === "unreached" ? "Unreached – " : ""}SMS relay`;
}

const PULSE = { waiting: "starting", current: "live", trouble: "no answer", token: "token needed", offline: "offline", paused: "paused" };

function drawState() {
  const { state, error, heardAt } = poller;
  get("pulse").dataset.state = state;
  show(get("pulse-words"), PULSE[state]);
  get("pulse").title = heardAt ? `Last heard ${clock(new Date(heardAt).toISOString())}` : "";
  const bad = state === "trouble" || state === "offline" || state === "token";
  get("trouble").hidden = !bad;
  document.body.dataset.stale = String(bad && heardAt !== null);
  if (bad) show(get("trouble-words"), state === "offline" ? "This device is offline." : error.message);
  get("trouble-retry").hidden = state === "offline";
  show(get("trouble-retry"), state === "token" ? "Give a token" : "Try now");
  if (state === "current") list.heal();
  drawWait();
}

function drawWait() {
  const { state, heardAt, nextAt } = poller;
  const seen = heardAt ? `Shown is how it was at ${clock(new Date(heardAt).toISOString())}.` : "";
  const next = state === "trouble" && nextAt ? ` Trying again in ${span(Math.max(0, Math.ceil((nextAt - Date.now()) / 1000)))}.` : "";
  show(get("trouble-when"), seen + next);
  show(get("wall-heard"), heardAt ? `Checked ${span((Date.now() - heardAt) / 1000)} ago` : "");
}

let announced = "";
function announce(words) {
  announced = words;
  show(get("announcer"), words);
}

feed.addEventListener("row", ({ detail: { row, known } }) => {
  if (poller.heardAt === null) return;
  if (waitsForAPerson(row) && known?.final_status !== row.final_status) announce(`${otherEnd(row)}: ${row.headline}`);
  else if (!known && isText(row) && Date.parse(row.timestamp) > api.now() - 60_000) announce(`New relay from ${row.sender_phone}.`);
});
feed.addEventListener("change", title);
poller.addEventListener("state", drawState);
poller.addEventListener("state", () => {
  if (poller.state === "token" && !token.isOpen && !announced.startsWith("token")) {
    announced = "token";
    token.open(session.holder() ? poller.error.message : "");
  }
});
get("trouble-retry").addEventListener("click", () => (poller.state === "token" ? token.open() : poller.poke()));
window.addEventListener("hashchange", route);
get("relay").addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.dataset.split === "true") list.focus(relay.id);
});
// Its address is a place on this page, and addresses with # are views here.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  get("main").focus();
});
WIDE.addEventListener("change", () => route());

const THEME = "relay-theme";
const setTheme = (theme) => (document.documentElement.dataset.theme = theme);
const kept = () => {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null; // No storage: the system's theme, and a chosen one for as long as the page lasts.
  }
};
const darkNow = () => document.documentElement.dataset.theme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
get("theme-button").addEventListener("click", () => {
  const theme = darkNow() ? "light" : "dark";
  setTheme(theme);
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // As above.
  }
});
if (kept()) setTheme(kept());

setInterval(() => {
  tickSince(api.now());
  drawWait();
  relay.tick();
}, 1000);
feed.addEventListener("change", () => tickSince(api.now()));

route();
list.search();
poller.start();
