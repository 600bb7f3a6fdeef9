// The wall: which customers reached no handler, since when, and what to do. To be left open, read from across the room.

import { cardsOf, causeOf, causesOf, isUnreached } from "./cards.js";
import { handledLine } from "./deeds.js";
import { HOUR_MS } from "./feed.js";
import { firstRun } from "./first_run.js";
import { customerAddress, relayAddress } from "./places.js";
import { apart, badge, bodyWords, clock, codeElement, el, isCustomers, isNumber, isOptOut, otherName, show, span, timeElement, waitsForAPerson, zone } from "./words.js";

const get = (id) => document.getElementById(id);
const setUnique = (items) => [...new Set(items.filter(Boolean))];

export class UnreachedView {
  #feed;
  #api;
  #poller;
  #deeds;
  #today;
  #bell;
  #place = get("wall");
  #list = el("ul", { class: "cards" });
  #time = get("wall-time");
  #drawn = new Map();
  #chosen = new Set();
  #open = [];
  #rung = null;
  #signature = "";

  constructor(feed, api, poller, deeds, today, bell) {
    this.#feed = feed;
    this.#api = api;
    this.#poller = poller;
    this.#deeds = deeds;
    this.#today = today;
    this.#bell = bell;
    // From the start: the number beside its name is of as many days as the wall shows.
    feed.wantUnreached(this.#hours);
    feed.addEventListener("change", () => this.draw());
    poller.addEventListener("state", () => this.draw());
    this.#time.addEventListener("change", () => {
      this.#rung = null;
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

  /** How many texts wait. */
  get unreachedCount() {
    return this.#open.length;
  }

  draw() {
    const from = this.#api.now() - this.#hours * HOUR_MS;
    const rows = this.#feed.select((row) => Date.parse(row.timestamp) >= from);
    this.#open = rows.filter((row, index) => isUnreached(row, isOptOut(row) ? rows.slice(0, index) : []));
    const handled = rows.filter((row) => row.handled);
    this.#ring();
    const signature = JSON.stringify([this.#open, handled, [...this.#chosen], this.#poller.state === "current", this.#isKnown, this.#hours, this.#today.known]);
    if (signature === this.#signature) return;
    this.#signature = signature;
    const cards = cardsOf(this.#open);
    const causes = causesOf(cards);
    this.#drawHead(cards, causes, handled.length);
    this.#drawCards(cards, new Set(causes.map((cause) => cause.key)));
    this.#drawHandled(handled);
  }

  /** The bell rings for what has come to need a person since the page knows how it is. */
  #ring() {
    const marks = this.#open.map((row) => `${row.message_id} ${row.redrives} ${row.final_status}`);
    const news = this.#rung && this.#open.filter((_, index) => !this.#rung.has(marks[index]));
    if (news?.length) this.#bell.ring(this.#open.length, news[0].headline);
    if (this.#isKnown && this.#poller.heardAt !== null) this.#rung = new Set([...(this.#rung ?? []), ...marks]);
  }

  #drawHead(cards, causes, handledCount) {
    const count = this.#open.length;
    show(get("unreached-title"), count ? `${count} unreached` : "Unreached");
    show(get("unreached-count"), String(count));
    get("unreached-count").hidden = count === 0;
    show(get("wall-of"), cards.length && cards.length < count ? `from ${cards.length} ${cards.length === 1 ? "number" : "numbers"}` : "");
    get("wall-causes").replaceChildren(...causes.map((cause) => causeElement(cause, cards.length)));
    get("wall-bulk").hidden = this.#resendable.length < 2;
    const isSome = this.#chosenRows.length < count;
    const which = (rows) => (isSome ? `the ${rows.length} chosen` : `all ${rows.length}`);
    show(get("wall-send-all"), `Send ${which(this.#resendable)} again …`);
    show(get("wall-handle-all"), `Handled: ${which(this.#chosenRows)} …`);
    if (cards.length === 0) this.#place.replaceChildren(this.#calm(handledCount));
    else if (!this.#list.isConnected) this.#place.replaceChildren(this.#list);
  }

  /** The rows of the cards that are ticked; all where none is. */
  get #chosenRows() {
    const chosen = this.#open.filter((row) => this.#chosen.has(otherName(row)));
    return chosen.length ? chosen : this.#open;
  }

  get #resendable() {
    return this.#chosenRows.filter(canBeResent);
  }

  sendChosen() {
    this.#deeds.sendAgain([...this.#resendable].reverse());
  }

  handleChosen() {
    this.#deeds.handled([...this.#chosenRows].reverse());
  }

  #calm(handledCount) {
    const isHeard = this.#poller.state === "current";
    if (!this.#isKnown && (isHeard || this.#poller.state === "waiting")) return el("p", { class: "nothing" }, "Loading …");
    if (!isHeard) return el("p", { class: "nothing" }, "Not known just now.");
    const since = this.#time.selectedOptions[0].textContent;
    const isFirst = this.#feed.rows.size === 0;
    return el("div", { class: "calm" },
      el("p", { class: "sign", "aria-hidden": "true" }, "✓"),
      el("p", {}, handledCount ? "Every customer was reached or is seen to." : "Every customer was reached."),
      el("p", { class: "note" }, `No${handledCount ? " other" : ""} text of the ${since} waits for a person.`),
      ...(isFirst ? firstRun(this.#today.known) : []));
  }

  #drawCards(cards, common) {
    const focus = this.#place.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    const ends = new Set(cards.map((card) => card.end));
    for (const [end, { element }] of this.#drawn) {
      if (ends.has(end)) continue;
      element.remove();
      this.#drawn.delete(end);
      this.#chosen.delete(end);
    }
    cards.forEach((card, index) => {
      const signature = JSON.stringify([card, [...common], this.#chosen.has(card.end)]);
      const known = this.#drawn.get(card.end);
      let element = known?.element;
      if (known?.signature !== signature) {
        element = this.#card(card, common);
        known?.element.replaceWith(element);
        this.#drawn.set(card.end, { signature, element });
      }
      if (this.#list.children[index] !== element) this.#list.insertBefore(element, this.#list.children[index] ?? null);
    });
    if (focus && !document.activeElement?.dataset.key) (this.#place.querySelector(`[data-key="${CSS.escape(focus)}"]`) ?? get("main")).focus();
  }

  #card({ end, rows }, common) {
    const [oldest] = rows;
    const key = (name) => `${name}-${oldest.message_id}`;
    const title = isNumber(end) ? el("a", { href: `tel:${end}`, "data-key": key("number"), dir: "ltr" }, end) : el("span", { dir: "auto" }, end);
    const choose = el("input", { type: "checkbox", "data-key": key("choose"), "aria-label": `Choose ${end}`, checked: this.#chosen.has(end) });
    choose.addEventListener("change", () => {
      if (choose.checked) this.#chosen.add(end);
      else this.#chosen.delete(end);
      this.draw();
    });
    return el("li", { class: "card", "data-end": end, "data-outcome": oldest.is_overdue ? "overdue" : isOptOut(oldest) ? "opted-out" : oldest.final_status },
      el("div", { class: "card-head" }, el("h3", {}, title), el("label", { class: "choose", "data-act": true }, choose)),
      el("p", { class: "since" }, "waiting ", el("span", { "data-since": oldest.timestamp }, "")),
      el("ul", { class: "plain waiting" }, rows.map((row, index) => waiting(row, common, rows.slice(index + 1)))),
      ...setUnique(rows.map((row) => row.what_to_do)).map((advice) => el("p", { class: "advice" }, advice)),
      this.#actions(end, rows, key));
  }

  /** Call, text, send again: in the order in which they help. */
  #actions(end, rows, key) {
    const [oldest] = rows;
    const again = rows.filter(canBeResent);
    const threadId = rows.find((row) => row.thread_id && isCustomers(row))?.thread_id;
    const button = (name, words, onclick, attributes = {}) => el("button", { type: "button", "data-act": true, "data-key": key(name), "aria-label": `${words} ${end}`, onclick, ...attributes }, `${words} …`);
    return el("div", { class: "actions" },
      isNumber(end) ? el("a", { class: "button main", href: `tel:${end}`, "data-key": key("call"), "aria-label": `Call ${end}` }, "Call") : "",
      threadId ? button("say", "Text", () => this.#deeds.say(threadId, end)) : "",
      again.length ? button("again", again.length > 1 ? `Send ${again.length} again` : "Send again", () => this.#deeds.sendAgain(again)) : "",
      rows.some((row) => row.final_status === "held" && !row.set_aside_because) ? button("held", "Send all of this number on", () => this.#deeds.sendHeld(oldest)) : "",
      button("handled", "Handled", () => this.#deeds.handled(rows), { class: "quiet" }),
      isCustomers(oldest) ? el("a", { class: "button quiet", href: customerAddress(end), "data-key": key("all"), "aria-label": `All texts of ${end}` }, "All texts") : "");
  }

  #drawHandled(handled) {
    const place = get("wall-done");
    place.hidden = handled.length === 0;
    show(get("wall-done-title"), `Handled: ${handled.length}`);
    const focus = place.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    get("wall-done-list").replaceChildren(...handled.map((row) => el("li", { "data-id": row.message_id },
      el("a", { href: relayAddress(row.message_id) }, `${otherName(row)}, ${clock(row.timestamp)}`), handledLine(row, this.#deeds))));
    if (focus) (place.querySelector(`[data-key="${CSS.escape(focus)}"]`) ?? get("main")).focus();
  }
}

const canBeResent = (row) => waitsForAPerson(row) && ["customer", "answer"].includes(row.kind);

function causeElement({ reason, code, advice, cards }, all) {
  const whose = cards === all ? `All ${all}` : `${cards} of ${all}`;
  return el("li", {}, el("p", {}, el("strong", {}, `${whose}: `), `${reason}. `, codeElement(code)), advice ? el("p", {}, advice) : "");
}

/** One text that waits. What it shares with other customers' is said on top, and with later ones of the same customer at the last. */
function waiting(row, common, later) {
  const isCommon = common.has(causeOf(row)) || later.some((one) => one.headline === row.headline && causeOf(one) === causeOf(row));
  const said = isCommon || !row.reason || row.set_aside_because ? "" : el("p", { class: "note" }, "Last: ", el("span", { dir: "auto" }, row.receiver || row.tier_name), `: ${row.reason}. `, codeElement(row.code));
  const what = row.kind === "answer" ? "An answer to the customer. " : row.kind === "notice" ? "An urgent notice to a handler. " : "";
  return el("li", { "data-id": row.message_id },
    bodyWords(row) ? el("blockquote", { dir: "auto" }, bodyWords(row)) : "",
    el("p", {}, what, ...(isCommon ? [] : apart(row.headline, row))),
    said,
    el("p", { class: "note" }, ...badge(row), " ", el("a", { href: relayAddress(row.message_id), "data-key": `open-${row.message_id}` }, timeElement(row.timestamp), ` ${zone(row.timestamp)}`), row.redrives ? `, sent again ${row.redrives}×` : ""));
}

/** Fill in every "how long ago" on the page. */
export function tickSince(nowMs) {
  for (const element of document.querySelectorAll("[data-since]")) {
    show(element, span((nowMs - Date.parse(element.dataset.since)) / 1000));
  }
}
