// Puts the page together: settings, views, and the line that says how fresh everything is.

import { Account } from "./account.js";
import { Api } from "./api.js";
import { Bell } from "./bell.js";
import { DayView } from "./chart.js";
import { CustomerView } from "./customer.js";
import { Deeds, Today } from "./deeds.js";
import { save } from "./export.js";
import { Feed } from "./feed.js";
import { listenToKeys } from "./keys.js";
import { ListView } from "./list.js";
import { placeOf, relayAddress } from "./places.js";
import { Poller } from "./poller.js";
import { Questions } from "./questions.js";
import { RelayView } from "./relay.js";
import { Session } from "./session.js";
import { SignInView } from "./sign_in.js";
import { offerTheme } from "./theme.js";
import { tickSince, UnreachedView } from "./unreached.js";
import { Views } from "./views.js";
import { WallLinks } from "./walls.js";
import { clock, isText, otherName, show, span, waitsForAPerson, zone } from "./words.js";

const get = (id) => document.getElementById(id);

const SETTINGS_RETRY_MS = 3000;
const TOLD_MS = 7000;

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
const session = new Session(settings.api_url);
const api = new Api(settings.api_url, session);
const feed = new Feed(api);
const poller = new Poller(() => feed.round());
const walls = new WallLinks();
new Account(session, () => walls.open());
new SignInView(session, entered);
const today = new Today(api);
const deeds = new Deeds(api, feed, new Questions(), today, (words) => {
  tell(words);
  relay.refresh();
  customer.refresh();
  poller.poke();
});
const open = (id) => (location.hash = relayAddress(id));
const relay = new RelayView(api, feed, words.attempt_ends, deeds);
const customer = new CustomerView(api, feed, deeds, open);
const list = new ListView(feed, api, words.outcomes, today, { open, changed: () => views.filtersChanged() });
const wall = new UnreachedView(feed, api, poller, deeds, today, new Bell());
new DayView(feed, api, words.outcomes);
const views = new Views(list, (place) => {
  relay.open(place.relay || null);
  customer.open(place.customer);
  if (place.view === "unreached") wall.draw();
  title();
});

function title() {
  const count = wall.unreachedCount;
  document.title = `${count ? `(${count}) ` : ""}${document.body.dataset.view === "unreached" ? "Unreached – " : ""}SMS relay`;
}

const PULSE = { waiting: "starting", current: "live", trouble: "no answer", "signed-out": "signed out", offline: "offline" };

function drawState() {
  const { state, error, heardAt } = poller;
  get("pulse").dataset.state = state;
  show(get("pulse-words"), PULSE[state]);
  get("pulse").title = heardAt ? `Last heard ${clock(new Date(heardAt).toISOString())}` : "";
  const bad = state === "trouble" || state === "offline";
  get("trouble").hidden = !bad;
  document.body.dataset.stale = String(bad && heardAt !== null);
  if (bad) show(get("trouble-words"), state === "offline" ? "This device is offline." : error.message);
  get("trouble-retry").hidden = state === "offline";
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

function announce(words) {
  show(get("announcer"), words);
}

let hiding;
/** What was done stands at the edge of the page for a moment. */
function tell(words) {
  show(get("told"), words);
  get("told").hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (get("told").hidden = true), TOLD_MS);
}

let shownTo = "";

/** After a sign-in the page goes on where it was. */
function entered() {
  views.show(true);
  list.heal();
  poller.poke();
}
session.addEventListener("change", () => {
  document.body.dataset.kind = session.who?.kind ?? "";
  if (!session.isIn) return;
  // What another operator was shown is forgotten first.
  if (shownTo && shownTo !== session.who.name) location.reload();
  shownTo = session.who.name;
  views.show();
});

feed.addEventListener("row", ({ detail: { row, known } }) => {
  if (poller.heardAt === null) return;
  if (waitsForAPerson(row) && known?.final_status !== row.final_status) announce(`${otherName(row)}: ${row.headline}`);
  else if (!known && isText(row) && Date.parse(row.timestamp) > api.now() - 60_000) announce(`New text from ${otherName(row)}.`);
});
feed.addEventListener("change", title);
poller.addEventListener("state", drawState);
poller.addEventListener("state", () => poller.state === "current" && knowToday());
get("trouble-retry").addEventListener("click", () => poller.poke());
get("wall-send-all").addEventListener("click", () => wall.sendChosen());
get("wall-handle-all").addEventListener("click", () => wall.handleChosen());
get("export").addEventListener("click", () => save(list.matching(), api.now()));
// Its address is a place on this page, and addresses with # are views here.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  get("main").focus();
});

let isTodayKnown = false;
async function knowToday() {
  if (isTodayKnown) return;
  isTodayKnown = true;
  await today.get();
  list.draw();
  wall.draw();
}

function step(by) {
  // By the address: a key that is held comes again before the page has followed it.
  const id = list.beside(placeOf(location.hash).relay || views.chosen, by);
  if (!id) return;
  location.hash = relayAddress(id);
  document.querySelector(`#rows tr[data-id="${id}"]`)?.scrollIntoView({ block: "nearest" });
}

listenToKeys({
  "/": () => {
    if (get("live").hidden) location.hash = views.back.includes("unreached") ? "#/" : views.back;
    setTimeout(() => list.filters.focus());
  },
  j: () => step(1),
  k: () => step(-1),
  Escape: () => {
    if (document.body.dataset.split === "true") list.focus(relay.id);
    else if (!get("relay").hidden || !get("customer").hidden) location.hash = views.back;
  },
});
offerTheme(get("theme-button"));
show(get("zone"), `(${zone()})`);

setInterval(() => {
  tickSince(api.now());
  drawWait();
  relay.tick();
}, 1000);
feed.addEventListener("change", () => tickSince(api.now()));

views.show();
list.search();
poller.start();
