// What this page knows of relays: every row once, by message id, and the few questions that keep them current.

import { standsStill } from "./words.js";

// Rows are stamped when they are taken in and become visible a little later, from machines with different clocks.
const OVERLAP_MS = 20_000;
// What stands still is asked for anew so often; where that is much, less often.
const SETTLE_EVERY_MS = 15_000;
const SETTLE_MANY_EVERY_MS = 60_000;
const SETTLE_MANY = 50;
const PAGE = 100;
const PAGES_MAX = 20;
const ONE_BY_ONE_MAX = 8;
const ROWS_MAX = 3000;
export const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const NOTHING_LOADED = Object.freeze({ since: null, token: null, pages: 0, isLoaded: false });

const iso = (ms) => new Date(ms).toISOString();
const isOpen = (row) => row.final_status === "in_progress" || standsStill(row);

/** Sends `change` after rows came or changed, and `row` (detail: row, known) for each of them. */
export class Feed extends EventTarget {
  rows = new Map();
  /** Since when everything is known (ISO 8601); null before the first page. */
  dayFrom = null;
  dayIsWhole = false;
  /** For how many hours back every exhausted relay is known. */
  unreachedHours = 0;
  /** The oldest time that a view shows; what is older and has ended may be forgotten. */
  keepFrom = Infinity;
  #api;
  #newest = 0;
  #settledAt = 0;
  #settleEvery = SETTLE_EVERY_MS;
  #unreachedHours = 24;
  #recordedHours = 24;
  #day = NOTHING_LOADED;

  constructor(api) {
    super();
    this.#api = api;
  }

  /** Take in rows. Returns whether any of them was new or different. */
  learn(rows) {
    let changed = false;
    for (const row of rows) {
      const known = this.rows.get(row.message_id);
      this.#newest = Math.max(this.#newest, Date.parse(row.timestamp));
      if (known && JSON.stringify(known) === JSON.stringify(row)) continue;
      this.rows.set(row.message_id, row);
      changed = true;
      this.dispatchEvent(new CustomEvent("row", { detail: { row, known } }));
    }
    if (changed) this.dispatchEvent(new Event("change"));
    return changed;
  }

  /** All rows that pass, newest first. */
  select(passes) {
    return [...this.rows.values()].filter(passes).sort(newestFirst);
  }

  /** Ask for the exhausted and held relays of so many hours from the next round on. Returns whether that is more than before. */
  wantUnreached(hours) {
    const more = hours > this.#unreachedHours;
    if (more) {
      this.#unreachedHours = hours;
      this.#settledAt = 0;
    }
    return more;
  }

  /** Ask for new relays, those in progress, and what became of the rest. Returns whether anything had changed. */
  async round() {
    let changed = !this.#day.isLoaded && (await this.#loadDay());
    const now = this.#api.now();
    const arrived = await this.#all({ since: iso(Math.max(this.#newest - OVERLAP_MS, now - DAY_MS)) });
    // More than are asked for at once came since: between these and the rest of the day is a hole.
    if (arrived.isCut) this.#day = NOTHING_LOADED;
    const running = await this.#all({ final_status: "in_progress" });
    const current = new Set([...arrived.rows, ...running.rows].map((row) => row.message_id));
    let settling = (row) => row.final_status === "in_progress";
    let unreached = { changed: false };
    if (now - this.#settledAt > this.#settleEvery) {
      const hours = this.#unreachedHours;
      const from = now - hours * HOUR_MS;
      const exhausted = await this.#all({ final_status: "exhausted", since: iso(from) });
      this.unreachedHours = hours;
      // The wall need not wait for what is held back: the last day's is known already.
      this.dispatchEvent(new Event("change"));
      const held = await this.#all({ final_status: "held", since: iso(from) });
      for (const row of [...exhausted.rows, ...held.rows]) current.add(row.message_id);
      // Whether a handler opted out, and came back since. What is recorded stays so: what comes later is among the new.
      if (hours > this.#recordedHours) {
        await this.#all({ final_status: "recorded", since: iso(from) });
        this.#recordedHours = hours;
      }
      unreached = { changed: exhausted.changed || held.changed };
      this.#settleEvery = exhausted.rows.length + held.rows.length > SETTLE_MANY ? SETTLE_MANY_EVERY_MS : SETTLE_EVERY_MS;
      // An exhausted relay may still be delivered, or be redriven by another operator.
      settling = (row) => isOpen(row) && (row.final_status === "in_progress" || Date.parse(row.timestamp) >= from);
      // More may have been asked for meanwhile.
      if (hours === this.#unreachedHours) this.#settledAt = now;
    }
    const gone = this.select((row) => settling(row) && !current.has(row.message_id));
    changed = (await this.#askAgain(gone)) || changed;
    this.#forgetOld(now);
    return changed || arrived.changed || running.changed || unreached.changed;
  }

  /** Ask at once how these are: something was done with them. */
  async refresh(messageIds) {
    await this.#askAgain(messageIds.map((id) => this.rows.get(id)).filter(Boolean).sort(newestFirst));
  }

  /** Take in one page of a search. Returns its rows, the token of the next page, how far back it looked, and whether anything was new. */
  async page(filter, token = null, limit = PAGE) {
    const answer = await this.#api.search({ ...filter, limit, ...(token ? { page_token: token } : {}) });
    const changed = this.learn(answer.relays);
    return { rows: answer.relays, token: answer.next_page_token, backTo: answer.searched_back_to ?? null, changed };
  }

  /** Page after page; what an error interrupts goes on in the next round. */
  async #loadDay() {
    if (this.#day === NOTHING_LOADED) this.#day = { ...NOTHING_LOADED, since: iso(this.#api.now() - DAY_MS) };
    const day = this.#day;
    while (!day.isLoaded) {
      const page = await this.page({ since: day.since }, day.token);
      day.token = page.token;
      day.pages += 1;
      day.isLoaded = !day.token || day.pages === PAGES_MAX;
      this.dayFrom = day.token ? page.rows.at(-1).timestamp : day.since;
      this.dayIsWhole = !day.token;
      this.dispatchEvent(new Event("change"));
    }
    return true;
  }

  async #all(filter) {
    const found = { rows: [], changed: false, isCut: false };
    let token = null;
    for (let number = 0; number < PAGES_MAX; number += 1) {
      const page = await this.page(filter, token);
      found.rows.push(...page.rows);
      found.changed ||= page.changed;
      token = page.token;
      if (!token) return found;
    }
    return { ...found, isCut: true };
  }

  /** Ask again about rows that a search no longer lists: their final status has changed, or they are gone. */
  async #askAgain(rows) {
    if (rows.length === 0) return false;
    if (rows.length > ONE_BY_ONE_MAX) {
      const window = { since: rows.at(-1).timestamp, until: iso(Date.parse(rows[0].timestamp) + 1) };
      return (await this.#all(window)).changed;
    }
    let changed = false;
    for (const row of rows) changed = (await this.#askOne(row.message_id)) || changed;
    return changed;
  }

  async #askOne(messageId) {
    try {
      return this.learn([(await this.#api.one(messageId)).summary]);
    } catch (error) {
      if (error.kind !== "missing") throw error;
      this.rows.delete(messageId);
      this.dispatchEvent(new Event("change"));
      return true;
    }
  }

  #forgetOld(now) {
    if (this.rows.size <= ROWS_MAX) return;
    const from = Math.min(this.keepFrom, now - DAY_MS);
    const fromOfRecorded = Math.min(from, now - this.#unreachedHours * HOUR_MS);
    for (const [id, row] of this.rows) {
      const oldest = row.final_status === "recorded" ? fromOfRecorded : from;
      if (!isOpen(row) && Date.parse(row.timestamp) < oldest) this.rows.delete(id);
    }
  }
}

function newestFirst(one, other) {
  if (one.timestamp !== other.timestamp) return one.timestamp < other.timestamp ? 1 : -1;
  return one.message_id < other.message_id ? 1 : -1;
}
