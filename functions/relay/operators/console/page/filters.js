// What the list is searched for: the form, the same as words of the address, and which rows match.

import { HOUR_MS } from "./feed.js";
import { isText, moment, momentWords, otherEnd, show } from "./words.js";

const DAY_HOURS = "24";
const WHOLE_HOURS = "2160";
const TYPING_MS = 300;
// Longer than any number or sender's name, and in one piece.
const MESSAGE_ID = /^[\w-]{20,64}$/;
const NUMBER = /^\+?[\d\s().\/-]+$/;

const get = (id) => document.getElementById(id);

export class Filters {
  #form = get("filters");
  #own = get("filter-own");
  #changed;
  #tier = "";

  /** `changed` is called after the form says something else. */
  constructor(outcomes, changed) {
    this.#changed = changed;
    const form = this.#form;
    for (const [value, [, words]] of Object.entries(outcomes)) form.outcome.append(new Option(words, value));
    let typing;
    form.addEventListener("input", (event) => {
      if (event.target === form.outcome) this.#tier = "";
      this.#draw();
      clearTimeout(typing);
      // Who has gone to another view since the last letter is not led back to the list: the page follows its address first.
      const search = () => form.getClientRects().length > 0 && this.#isRight() && changed();
      typing = setTimeout(() => (typing = setTimeout(search)), event.target.tagName === "INPUT" ? TYPING_MS : 0);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    get("filter-clear").addEventListener("click", () => {
      this.clear(true);
      form.search.focus();
    });
    get("filter-more").addEventListener("click", () => this.#unfold(form.dataset.unfolded !== "true"));
    this.#draw();
  }

  /** What is searched for, as the address says it: only what is not as it always is. */
  get place() {
    const { search, outcome, time, from, to } = this.#form;
    const place = { q: search.value.trim(), outcome: outcome.value, tier: this.#tier, time: time.value };
    if (time.value === "own") Object.assign(place, { from: from.value.trim(), to: to.value.trim() });
    return Object.fromEntries(Object.entries(place).filter(([, value]) => value));
  }

  /** Put it as an address says it. `isDone`: by hand, so that it is searched for. */
  put({ q = "", outcome = "", tier = "", time = "", from = "", to = "" }, isDone = false) {
    const form = this.#form;
    form.search.value = q;
    form.outcome.value = outcome;
    form.time.value = from || to ? "own" : time;
    if (form.time.selectedIndex < 0) form.time.value = "";
    form.from.value = from;
    form.to.value = to;
    this.#tier = tier;
    this.#draw();
    if (isDone) this.#changed();
  }

  /** Change some of it. */
  set(some, isDone = false) {
    this.put({ ...this.place, ...some }, isDone);
  }

  clear(isDone = false) {
    this.put({}, isDone);
  }

  focus() {
    this.#form.search.focus();
    this.#form.search.select();
  }

  get isAny() {
    const { time, ...others } = this.place;
    return Object.keys(others).length > 0;
  }

  get hasWords() {
    return this.#form.search.value.trim() !== "";
  }

  /** Whether everything that is kept is searched: words are, unless another time was chosen. */
  get isWhole() {
    return this.#hours === WHOLE_HOURS;
  }

  get #hours() {
    return this.#form.time.value || (this.hasWords ? WHOLE_HOURS : DAY_HOURS);
  }

  get timeWords() {
    if (this.#hours === "own") return "time given";
    return [...this.#form.time.options].find((option) => option.value === this.#hours).textContent.replace(/^all /, "last ");
  }

  /** The whole id of a message, where that is what was given. */
  get messageId() {
    const words = this.#form.search.value.trim();
    return MESSAGE_ID.test(words) ? words : "";
  }

  criteria(now) {
    const hours = Number(this.#hours);
    const words = this.#form.search.value.trim().toLowerCase();
    return {
      words,
      digits: NUMBER.test(words) ? words.replace(/\D/g, "").replace(/^0+/, "") : "",
      outcome: this.#form.outcome.value,
      tier: Number(this.#tier) || 0,
      since: hours ? now - hours * HOUR_MS : moment(this.#form.from.value) ?? 0,
      until: hours ? Infinity : moment(this.#form.to.value) ?? Infinity,
    };
  }

  /** The same as a question to the relay. */
  asked(now) {
    const { outcome, since, until } = this.criteria(now);
    const words = this.#form.search.value.trim();
    return {
      since: new Date(since).toISOString(),
      ...(until < Infinity ? { until: new Date(until).toISOString() } : {}),
      ...(outcome ? { final_status: outcome } : {}),
      ...(words ? { words } : {}),
    };
  }

  #draw() {
    const { time } = this.#form;
    this.#own.hidden = time.value !== "own";
    // What is searched as long as no time was chosen has no second entry.
    const [day, whole] = [DAY_HOURS, WHOLE_HOURS].map((hours) => [...time.options].find(({ value }) => value === hours));
    [day.hidden, whole.hidden] = [!this.hasWords, this.hasWords];
    show(time.options[0], (this.hasWords ? whole : day).textContent);
    get("filter-clear").hidden = Object.keys(this.place).length === 0;
    const tier = get("filter-tier");
    tier.hidden = !this.#tier;
    show(tier, this.#tier ? `got through at tier ${this.#tier}${this.#tier === "3" ? " or later" : ""}` : "");
    if (this.#form.outcome.value || time.value) this.#unfold(true);
  }

  /** On a phone all but the search is folded away. */
  #unfold(isOpen) {
    this.#form.dataset.unfolded = String(isOpen);
    get("filter-more").setAttribute("aria-expanded", String(isOpen));
  }

  /** Whether the own time can be read; says so where it cannot. */
  #isRight() {
    const { time, from, to } = this.#form;
    let isRight = true;
    for (const input of [from, to]) {
      const isWrong = time.value === "own" && input.value.trim() !== "" && moment(input.value) === null;
      input.setCustomValidity(isWrong ? `Like ${momentWords(Date.now())}.` : "");
      input.setAttribute("aria-invalid", String(isWrong));
      isRight &&= !isWrong;
    }
    return isRight;
  }
}

/** Whether a row belongs to the list. `found` are the ids that the relay itself found: it looks at more than a row holds. */
export function matches(row, { words, digits, outcome, tier, since, until }, found) {
  const at = Date.parse(row.timestamp);
  if (at < since || at >= until || (outcome && row.final_status !== outcome)) return false;
  if (tier && !(["delivered", "claimed"].includes(row.final_status) && tierOf(row) === tier)) return false;
  return !words || found.has(row.message_id) || hasWords(row, words, digits);
}

/** The tier that has the text; what a person took was delivered too, at the tier that the relay had come to. */
export const tierOf = (row) => Math.min(3, row.delivered_tier ?? row.tier_reached ?? 1);

function hasWords(row, words, digits) {
  if (digits.length > 3 && otherEnd(row).replace(/\D/g, "").includes(digits)) return true;
  const told = [row.message_body, otherEnd(row), row.writer, row.claimed_by, isText(row) && row.tier_name, row.handled?.by];
  return told.some((one) => one && one.toLowerCase().includes(words)) || row.message_id.toLowerCase().startsWith(words);
}
