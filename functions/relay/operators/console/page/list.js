// The live list: one row a relay, searched, paged, and redrawn only where something changed. `rows.js` draws a row.

import { Filters, matches } from "./filters.js";
import { firstRun } from "./first_run.js";
import { cells } from "./rows.js";
import { clock, el, show } from "./words.js";

const PAGE = 50;

export class ListView {
  #feed;
  #api;
  #open;
  #today;
  #body = document.getElementById("rows");
  #more = document.getElementById("more");
  #state = document.getElementById("list-state");
  #note = document.getElementById("filter-words");
  #drawn = new Map();
  #query = newQuery();
  #chosen = "";

  /** `open` is called with the message id of a relay to be shown, `changed` when what is searched for is another; `outcomes`: final status → its sign and what it is called. */
  constructor(feed, api, outcomes, today, { open, changed }) {
    this.#feed = feed;
    this.#api = api;
    this.#open = open;
    this.#today = today;
    this.filters = new Filters(outcomes, () => {
      const id = this.filters.messageId;
      if (id) {
        this.filters.clear();
        open(id);
        return;
      }
      changed();
      this.search();
    });
    feed.addEventListener("change", () => this.draw());
    this.#more.addEventListener("click", () => this.#showMore());
    this.#body.addEventListener("keydown", (event) => this.#move(event));
  }

  /** The keyboard goes to this relay's row, if it is listed. */
  focus(id) {
    this.#drawn.get(id)?.element.querySelector("a").focus({ preventScroll: true });
  }

  /** From the chosen row, or from the top, so many rows on; its message id, or "" at the end. */
  beside(id, step) {
    const rows = [...this.#body.children];
    const at = rows.findIndex((row) => row.dataset.id === id);
    return rows[at < 0 ? 0 : at + step]?.dataset.id ?? "";
  }

  /** Where this relay's row stands on the screen; null where it is not listed. */
  placeOf(id) {
    return this.#drawn.get(id)?.element.getBoundingClientRect().top ?? null;
  }

  choose(id) {
    this.#chosen = id;
    for (const row of this.#body.children) row.classList.toggle("chosen", row.dataset.id === id);
  }

  /** Begin anew with what is searched for now. */
  search() {
    this.#query = newQuery();
    this.#load();
  }

  async #load() {
    const query = this.#query;
    query.loading = true;
    query.error = null;
    this.draw();
    try {
      const page = await this.#feed.page(this.filters.asked(this.#api.now()), query.token, PAGE);
      for (const row of page.rows) query.found.add(row.message_id);
      query.token = page.token;
      query.backTo = page.backTo;
      query.floor = page.token ? Date.parse(page.backTo ?? page.rows.at(-1)?.timestamp) : 0;
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

  /** All that matches and is known, without a gap, newest first. */
  matching() {
    const { floor, found } = this.#query;
    const wanted = this.filters.criteria(this.#api.now());
    const from = Math.max(wanted.since, Math.min(floor, Date.parse(this.#feed.dayFrom ?? 0) || Infinity));
    this.#feed.keepFrom = from;
    return this.#feed.select((row) => matches(row, wanted, found) && Date.parse(row.timestamp) >= from);
  }

  draw() {
    const query = this.#query;
    const found = this.matching();
    const rows = found.slice(0, query.shown);
    this.#drawRows(rows);
    const hasMore = found.length > rows.length || query.token !== null;
    this.#more.hidden = !hasMore;
    this.#more.disabled = query.loading;
    show(this.#more, this.filters.hasWords && found.length <= rows.length ? "Search further back" : "Show older ones");
    const back = query.token && query.backTo ? `, searched back to ${clock(query.backTo)}` : "";
    show(this.#note, query.loading ? "Loading …" : `${rows.length} ${rows.length === 1 ? "text" : "texts"}${hasMore ? " and more" : ""}${back || ` of the ${this.filters.timeWords}`}`);
    this.#drawState(rows.length === 0);
  }

  #drawState(isEmpty) {
    const { error, isAnswered, token } = this.#query;
    const kind = error ? "error" : !isEmpty ? "" : isAnswered ? "empty" : "loading";
    const signature = JSON.stringify([kind, error?.message, token, this.filters.isAny, this.filters.isWhole, this.#today.known]);
    if (this.#state.dataset.signature === signature) return;
    this.#state.dataset.signature = signature;
    this.#state.hidden = kind === "";
    const button = (words, onclick) => el("button", { type: "button", onclick }, words);
    const content = {
      "": () => [],
      loading: () => [el("p", {}, "Loading texts …")],
      empty: () => [
        el("p", {}, !this.filters.isAny ? `No text in the ${this.filters.timeWords}.` : token ? "Nothing found so far." : "No text matches."),
        ...(this.filters.isAny ? [] : firstRun(this.#today.known)),
        el("p", { class: "note" }, "New ones appear here by themselves."),
        el("p", {},
          this.filters.isWhole ? "" : button("Search all 90 days", () => this.filters.set({ time: "2160" }, true)), " ",
          this.filters.isAny ? button("Clear the filters", () => this.filters.clear(true)) : ""),
      ],
      error: () => [el("p", {}, error.message), button("Try again", () => this.#load())],
    };
    this.#state.replaceChildren(...content[kind]());
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
    element.classList.toggle("chosen", row.message_id === this.#chosen);
    if (focused) element.querySelector("a").focus({ preventScroll: true });
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

/** `shown`: at most so many rows; `found`: what the relay itself found; `floor`: what is younger (milliseconds since 1970) is all there. */
function newQuery() {
  return { token: null, floor: Infinity, backTo: null, found: new Set(), shown: PAGE, loading: false, error: null, isAnswered: false };
}
