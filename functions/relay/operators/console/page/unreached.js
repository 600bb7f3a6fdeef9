// The wall: which texts reached no handler or are overdue, since when, and what to do. To be left open, read from afar.

import { HOUR_MS } from "./feed.js";
import { clock, codeElement, el, isText, otherEnd, show, span, waitsForAPerson } from "./words.js";

const KEY = "relay-dealt-with";

export class UnreachedView {
  #feed;
  #api;
  #poller;
  #redrive;
  #place = document.getElementById("wall");
  #time = document.getElementById("wall-time");
  #done = document.getElementById("wall-done");
  #title = document.getElementById("unreached-title");
  #count = document.getElementById("unreached-count");
  #signature = "";

  constructor(feed, api, poller, redrive) {
    this.#feed = feed;
    this.#api = api;
    this.#poller = poller;
    this.#redrive = redrive;
    // From the start: the number beside its name is of as many days as the wall shows.
    feed.wantUnreached(this.#hours);
    feed.addEventListener("change", () => this.draw());
    poller.addEventListener("state", () => this.draw());
    this.#time.addEventListener("change", () => {
      if (feed.wantUnreached(this.#hours)) poller.poke();
      this.draw();
    });
  }

  get #hours() {
    return Number(this.#time.value);
  }

  get #isKnown() {
    return this.#feed.unreachedHours >= this.#hours;
  }

  draw() {
    const from = this.#api.now() - this.#hours * HOUR_MS;
    const dealtWith = load();
    const bad = this.#feed.select((row) => Date.parse(row.timestamp) >= from && (waitsForAPerson(row) || (isText(row) && row.is_overdue)));
    const open = bad.filter((row) => !dealtWith.has(markOf(row)));
    const done = bad.filter((row) => dealtWith.has(markOf(row)));
    show(this.#title, open.length ? `${open.length} unreached` : "Unreached");
    show(this.#count, String(open.length));
    this.#count.hidden = open.length === 0;
    const signature = JSON.stringify([open, done, this.#poller.state === "current", this.#isKnown, this.#hours]);
    if (signature === this.#signature) return;
    this.#signature = signature;
    const focus = this.#place.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    this.#place.replaceChildren(...(open.length ? [el("ul", { class: "cards" }, open.map((row) => this.#card(row)))] : [this.#calm(done.length)]));
    if (focus) (this.#place.querySelector(`[data-key="${focus}"]`) ?? document.getElementById("main")).focus();
    this.#drawDone(done);
  }

  get unreachedCount() {
    return this.#count.hidden ? 0 : Number(this.#count.textContent);
  }

  #calm(doneCount) {
    const isHeard = this.#poller.state === "current";
    if (!this.#isKnown && (isHeard || this.#poller.state === "waiting")) return el("p", { class: "nothing" }, "Loading …");
    if (!isHeard) return el("p", { class: "nothing" }, "Not known just now.");
    const since = this.#time.selectedOptions[0].textContent;
    return el("div", { class: "calm" }, el("p", { class: "sign", "aria-hidden": "true" }, "✓"), el("p", {}, doneCount ? "Everybody was reached or is dealt with." : "Everybody was reached."), el("p", { class: "note" }, `No${doneCount ? " other" : ""} relay of the ${since} is exhausted, set aside or overdue.`));
  }

  #card(row) {
    const key = (name) => `${name}-${row.message_id}`;
    const end = otherEnd(row);
    const phone = end.startsWith("+") ? el("a", { href: `tel:${end}`, "data-key": key("call") }, end) : end;
    const way = isText(row) ? "from" : "to";
    return el("li", { class: "card", "data-id": row.message_id, "data-outcome": row.is_overdue ? "overdue" : row.final_status },
      el("h3", {}, phone),
      isText(row) ? "" : el("p", {}, `An ${row.kind === "answer" ? "answer" : "urgent notice"}, no customer's text.`),
      el("p", { class: "since" }, "waiting ", el("span", { "data-since": row.timestamp }, "")),
      el("p", {}, row.headline),
      row.reason ? el("p", {}, `Last: ${row.receiver || row.tier_name}: ${row.reason}. `, codeElement(row.code)) : "",
      row.advice ? el("p", { class: "advice" }, row.advice) : "",
      el("p", { class: "note" }, `Received ${clock(row.timestamp)}${row.redrives ? `, redriven ${row.redrives}×` : ""}`),
      el("div", { class: "actions" },
        el("a", { class: "button", href: `#/relay/${row.message_id}`, "data-key": key("open"), "aria-label": `Open the relay ${way} ${end}` }, "Open"),
        waitsForAPerson(row) && row.kind !== "notice" ? el("button", { type: "button", class: "main", "data-key": key("redrive"), "aria-label": `Redrive the relay ${way} ${end}`, onclick: () => this.#redrive(row) }, "Redrive …") : "",
        row.final_status === "held" ? el("button", { type: "button", "data-key": key("held"), "aria-label": `Redrive all that are held back from ${row.sender_phone}`, onclick: () => this.#redrive(row, true) }, "Redrive all of this number …") : "",
        el("button", { type: "button", class: "quiet", "data-key": key("done"), "aria-label": `Dealt with: the relay ${way} ${end}`, onclick: () => this.#mark(row, true) }, "Dealt with"),
      ),
    );
  }

  #drawDone(done) {
    this.#done.hidden = done.length === 0;
    show(document.getElementById("wall-done-title"), `Dealt with: ${done.length} (noted in this browser only)`);
    document.getElementById("wall-done-list").replaceChildren(
      ...done.map((row) => el("li", {},
        el("a", { href: `#/relay/${row.message_id}` }, `${clock(row.timestamp)} ${otherEnd(row)}`), " ",
        el("button", { type: "button", class: "quiet", onclick: () => this.#mark(row, false) }, "Put back"),
      )),
    );
  }

  #mark(row, isDealtWith) {
    const marks = load();
    if (isDealtWith) marks.add(markOf(row));
    else marks.delete(markOf(row));
    save(marks);
    this.draw();
    document.getElementById("main").focus();
  }
}

// A mark "dealt with" counts for one failure: after a redrive, or when an overdue relay is exhausted, the card comes back.
// What is kept in the browser holds no sender and no text.
const markOf = (row) => `${row.message_id} ${row.redrives} ${row.final_status}`;

function load() {
  try {
    return new Set(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
  } catch {
    return new Set();
  }
}

function save(marks) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...marks].slice(-500)));
  } catch {
    // Without storage the mark lasts as long as the page; there is nothing to keep it in.
  }
}

/** Fill in every "how long ago" on the page. */
export function tickSince(nowMs) {
  for (const element of document.querySelectorAll("[data-since]")) {
    show(element, span((nowMs - Date.parse(element.dataset.since)) / 1000));
  }
}
