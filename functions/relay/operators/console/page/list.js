// The live list: one row a relay, filtered, paged, and redrawn only where something changed.

import { HOUR_MS } from "./feed.js";
import { badge, bodyWords, clock, el, isText, otherEnd, show, span, tierDots, timeElement } from "./words.js";

const PAGE = 50;
// Longer than any number or sender's name, and in one piece.
const MESSAGE_ID = /^[\w-]{20,64}$/;
const TYPING_MS = 250;

export class ListView {
  #feed;
  #api;
  #open;
  #form = document.getElementById("filters");
  #body = document.getElementById("rows");
  #more = document.getElementById("more");
  #state = document.getElementById("list-state");
  #note = document.getElementById("filter-words");
  #own = document.getElementById("filter-own");
  #drawn = new Map();
  #query = newQuery();

  /** `open` is called with the message id of a relay to be shown; `outcomes`: final status → its sign and what it is called. */
  constructor(feed, api, outcomes, open) {
    this.#feed = feed;
    this.#api = api;
    this.#open = open;
    feed.addEventListener("change", () => this.draw());
    this.#form.outcome.append(...Object.entries(outcomes).map(([value, [, words]]) => el("option", { value }, words)));
    let typing;
    this.#form.addEventListener("input", (event) => {
      this.#own.hidden = this.#form.time.value !== "own";
      clearTimeout(typing);
      typing = setTimeout(() => this.search(), event.target.type === "search" ? TYPING_MS : 0);
    });
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    document.getElementById("filter-clear").addEventListener("click", () => this.clear());
    this.#more.addEventListener("click", () => this.#showMore());
    this.#body.addEventListener("keydown", (event) => this.#move(event));
  }

  /** The keyboard goes to this relay's row, if it is listed. */
  focus(id) {
    this.#drawn.get(id)?.element.querySelector("a").focus();
  }

  clear() {
    this.#form.reset();
    this.#own.hidden = true;
    this.search();
    this.#form.search.focus();
  }

  /** Begin anew with what the form says. */
  search() {
    const words = this.#form.search.value.trim();
    if (MESSAGE_ID.test(words)) {
      this.#open(words);
      return;
    }
    this.#query = newQuery();
    this.#load();
  }

  #criteria() {
    const hours = Number(this.#form.time.value);
    const digits = this.#form.search.value.replace(/[\s().-]/g, "");
    const exact = /^\+?\d{8,15}$/.test(digits);
    return {
      outcome: this.#form.outcome.value,
      since: hours ? this.#api.now() - hours * HOUR_MS : Date.parse(this.#form.from.value) || 0,
      until: hours ? Infinity : Date.parse(this.#form.to.value) || Infinity,
      sender: exact ? `+${digits.replace("+", "")}` : "",
      // Without a + the country code may be missing: then it is a part of the number.
      part: exact && digits.startsWith("+") ? "" : digits.toLowerCase(),
    };
  }

  async #load() {
    const query = this.#query;
    const wanted = this.#criteria();
    query.loading = true;
    query.error = null;
    this.draw();
    try {
      const page = await this.#feed.page(filterOf(wanted), query.token, PAGE);
      query.token = page.token;
      query.floor = page.token ? Date.parse(page.rows.at(-1).timestamp) : 0;
      query.isAnswered = true;
    } catch (error) {
      query.error = error;
    }
    query.loading = false;
    if (query === this.#query) this.draw();
  }

  /** After trouble has passed: what could not be loaded is asked for again. */
  heal() {
    if (this.#query.error && !this.#query.loading) this.#load();
  }

  #showMore() {
    this.#query.shown += PAGE;
    if (this.#query.token) this.#load();
    else this.draw();
  }

  /** Show what is known, as far down as it is known without a gap. */
  draw() {
    const query = this.#query;
    const wanted = this.#criteria();
    const from = Math.max(wanted.since, Math.min(query.floor, Date.parse(this.#feed.dayFrom ?? 0) || Infinity));
    this.#feed.keepFrom = from;
    const found = this.#feed.select((row) => matches(row, wanted) && Date.parse(row.timestamp) >= from);
    const rows = found.slice(0, query.shown);
    this.#drawRows(rows);
    const hasMore = found.length > rows.length || query.token !== null;
    this.#more.hidden = !hasMore;
    this.#more.disabled = query.loading;
    const place = wanted.part && !rows.some((row) => row.sender_phone === wanted.sender) ? " among those loaded" : "";
    show(this.#note, query.loading ? "Loading …" : `${rows.length} ${rows.length === 1 ? "relay" : "relays"}${hasMore ? " and more" : ""}${place}`);
    this.#drawState(rows.length === 0);
  }

  #drawState(isEmpty) {
    const { error, isAnswered } = this.#query;
    const kind = error ? "error" : !isEmpty ? "" : isAnswered ? "empty" : "loading";
    if (this.#state.dataset.kind === kind) return;
    this.#state.dataset.kind = kind;
    this.#state.hidden = kind === "";
    const again = el("button", { type: "button", onclick: () => this.#load() }, "Try again");
    const clear = el("button", { type: "button", onclick: () => this.clear() }, "Clear the filters");
    const content = {
      "": [],
      loading: [el("p", {}, "Loading relays …")],
      empty: [el("p", {}, "No relay matches."), el("p", { class: "note" }, "New ones appear here by themselves."), clear],
      error: [el("p", {}, error ? error.message : ""), again],
    };
    this.#state.replaceChildren(...content[kind]);
  }

  #drawRows(rows) {
    const wanted = new Set(rows.map((row) => row.message_id));
    for (const [id, drawn] of this.#drawn) {
      if (wanted.has(id)) continue;
      drawn.element.remove();
      this.#drawn.delete(id);
    }
    let before = this.#body.firstElementChild;
    for (const row of rows) {
      const known = this.#drawn.get(row.message_id);
      const element = known && known.row === row ? known.element : this.#redraw(row, known);
      if (element === before) before = before.nextElementSibling;
      else this.#body.insertBefore(element, before);
    }
  }

  #redraw(row, known) {
    const element = known?.element ?? this.#newRow(row);
    const focused = element.contains(document.activeElement);
    element.replaceChildren(...cells(row));
    element.dataset.outcome = row.final_status;
    if (focused) element.querySelector("a").focus();
    this.#drawn.set(row.message_id, { row, element });
    return element;
  }

  #newRow(row) {
    const isNews = this.#query.isAnswered && !this.#query.loading;
    return el("tr", {
      role: "row",
      "data-id": row.message_id,
      class: isNews ? "news" : "",
      onclick: (event) => {
        if (!event.target.closest("a") && !getSelection().toString()) this.#open(row.message_id);
      },
    });
  }

  /** Arrow keys go from row to row. */
  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest("tr");
    if (!step || !row) return;
    const next = step === 1 ? row.nextElementSibling : row.previousElementSibling;
    if (!next) return;
    event.preventDefault();
    next.querySelector("a").focus();
  }
}

/** `shown`: at most so many rows; `floor`: what is younger (milliseconds since 1970) is all there. */
function newQuery() {
  return { token: null, floor: Infinity, shown: PAGE, loading: false, error: null, isAnswered: false };
}

function filterOf({ outcome, since, until, sender }) {
  return {
    since: new Date(since).toISOString(),
    ...(until < Infinity ? { until: new Date(until).toISOString() } : {}),
    ...(outcome ? { final_status: outcome } : {}),
    ...(sender ? { sender_phone: sender } : {}),
  };
}

function matches(row, { outcome, since, until, sender, part }) {
  const at = Date.parse(row.timestamp);
  return (
    at >= since &&
    at < until &&
    (!outcome || row.final_status === outcome) &&
    ((!sender && !part) ||
      otherEnd(row) === sender ||
      (part && (otherEnd(row).toLowerCase().includes(part) || row.message_id.toLowerCase().startsWith(part))))
  );
}

function cells(row) {
  const cell = (kind, ...content) => el("td", { role: "cell", class: kind }, ...content);
  const way = row.receiver ? `${row.kind} to` : "from";
  const words = `${clock(row.timestamp)}, ${way} ${otherEnd(row)}, ${row.outcome}: open this relay`;
  const link = el("a", { href: `#/relay/${row.message_id}`, "aria-label": words }, timeElement(row.timestamp));
  return [
    cell("at", link),
    cell("from", row.receiver ? el("span", { class: "note" }, `${row.kind} to `) : "", otherEnd(row), row.recovered ? el("span", { class: "badge", "data-outcome": "recovered" }, "recovered") : ""),
    cell("text", bodyWords(row)),
    cell("state", ...badge(row)),
    cell("reached", isText(row) ? tierDots(row) : el("span", { class: "note" }, "–")),
    cell("took", took(row)),
  ];
}

function took(row) {
  if (row.final_status === "claimed" && row.seconds_to_claim !== null) return span(row.seconds_to_claim);
  if (row.seconds_to_delivery !== null) return span(row.seconds_to_delivery);
  if (row.final_status === "in_progress") return el("span", { class: "ticking", "data-since": row.timestamp }, "");
  return el("span", { class: "note" }, "–");
}
