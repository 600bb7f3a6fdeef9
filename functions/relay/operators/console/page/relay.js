// One relay: what was texted, how it stands, what was tried and why it failed, drawn to scale and in words.

import { drives } from "./attempts.js";
import { conversation } from "./conversation.js";
import { handledLine } from "./deeds.js";
import { customerAddress } from "./places.js";
import { timeline } from "./timeline.js";
import { apart, badge, bodyWords, clock, el, isCustomers, isNumber, otherEnd, otherName, seconds, span, timeElement, waitsForAPerson, zone } from "./words.js";

const NOTHING = "Nothing to do.";

export class RelayView {
  #api;
  #feed;
  #deeds;
  #attemptEnds;
  #place = document.getElementById("relay-body");
  #id = null;
  #answer = null;
  #thread = null;
  #asked = 0;

  /** `deeds` is what an operator can do; `attemptEnds`: what each end of an attempt is called. */
  constructor(api, feed, attemptEnds, deeds) {
    this.#api = api;
    this.#feed = feed;
    this.#deeds = deeds;
    this.#attemptEnds = attemptEnds;
    feed.addEventListener("row", (event) => {
      if (event.detail.row.message_id !== this.#id) return;
      // Not the row that this view itself has just taught the feed.
      if (event.detail.known || !this.#answer) this.refresh();
    });
    let width = 0;
    new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - width) < 1) return;
      width = entry.contentRect.width;
      if (this.#answer) this.#drawLines();
    }).observe(this.#place);
  }

  get id() {
    return this.#id;
  }

  /** Show this relay; null shows none. */
  open(id) {
    if (id === this.#id) return;
    this.#id = id;
    this.#answer = null;
    this.#thread = null;
    this.#place.replaceChildren();
    if (id === null) return;
    this.#place.replaceChildren(el("p", { class: "nothing", id: "relay-title" }, "Loading the text …"));
    this.refresh();
  }

  /** While it is on its way its picture grows. */
  tick() {
    if (this.#answer?.relay.final_status === "in_progress") this.#drawLines();
  }

  async refresh() {
    const id = this.#id;
    if (!id) return;
    const asked = ++this.#asked;
    try {
      const answer = await this.#api.one(id);
      if (asked !== this.#asked || id !== this.#id) return;
      this.#answer = answer;
      this.#feed.learn([answer.summary]);
      this.#draw();
      await this.#showThread(answer.relay.thread_id, asked);
    } catch (error) {
      if (asked === this.#asked && id === this.#id && !this.#answer) this.#drawProblem(error);
    }
  }

  /** What was said before and after it in its thread: beside the relay itself this may fail or come late. */
  async #showThread(threadId, asked) {
    if (!threadId) return;
    const thread = await this.#api.thread(threadId);
    if (asked !== this.#asked) return;
    this.#thread = thread;
    this.#draw();
  }

  #drawProblem(error) {
    const again = el("button", { type: "button", onclick: () => this.refresh() }, "Try again");
    this.#place.replaceChildren(el("div", { class: "nothing" }, el("h2", { id: "relay-title" }, error.message), error.kind === "missing" ? "" : again));
  }

  #draw() {
    const { relay, summary, story } = this.#answer;
    const wasFolded = this.#place.querySelector("#relay-thread:not([open])") !== null;
    const open = [...this.#place.querySelectorAll("details[open]")].map((details) => details.id);
    const wasWhole = this.#place.querySelector(".body.whole") !== null;
    const scrolled = this.#place.querySelector("#relay-text")?.scrollTop ?? 0;
    const focused = this.#place.contains(document.activeElement) ? document.activeElement : null;
    const around = focused?.closest("[id]").id;
    this.#place.replaceChildren(
      el("header", { class: "relay-head" },
        el("p", { class: "states" }, ...badge(summary)),
        el("h2", { id: "relay-title" }, ...apart(story.headline, summary)),
        ...bodyElements(summary, wasWhole),
        this.#photos(story, summary),
        story.advice === NOTHING || summary.handled ? "" : el("p", { class: "advice" }, el("strong", {}, "What to do: "), story.advice),
        summary.handled ? handledLine(summary, this.#deeds) : "",
        this.#actions(summary),
      ),
      facts(relay, summary, story),
      ...drives(story, this.#attemptEnds),
      this.#thread ? conversation(this.#thread, relay.message_id, this.#deeds) : "",
      trail(story, relay.timestamp),
      el("details", { id: "relay-record", class: "as-table" },
        el("summary", {}, "The record as it is stored"),
        el("pre", { tabindex: "0", role: "region", "aria-label": "The record as it is stored" }, JSON.stringify(relay, null, 2)),
      ),
    );
    if (wasFolded) this.#place.querySelector("#relay-thread")?.removeAttribute("open");
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    fold(this.#place);
    this.#place.querySelector("#relay-text").scrollTop = scrolled;
    if (focused) refocus(document.getElementById(around), focused);
    this.#drawLines();
  }

  #photos({ attachments }, summary) {
    if (!attachments) return "";
    // A relay of before tells neither link nor note.
    const { words, link, note, lines } = attachments;
    const shown = link ? el("a", { id: "relay-files", href: link, target: "_blank", rel: "noopener noreferrer" }, words) : words;
    const revoke = link ? el("button", { type: "button", id: "relay-revoke", class: "quiet", "data-act": true, onclick: () => this.#deeds.revokeLink(summary) }, "Revoke the link …") : "";
    return el("div", { class: "photos" },
      el("p", {}, el("strong", {}, "With it: "), shown, " ", revoke),
      note ? el("p", { class: "note" }, note) : "",
      ...lines.map((line) => el("div", { class: "note" }, line.words, " ", line.media_id ? el("code", {}, line.media_id) : "")));
  }

  /** Call, text, send again: in the order in which they help. */
  #actions(summary) {
    const waits = waitsForAPerson(summary);
    const end = otherEnd(summary);
    const isOfCustomer = isCustomers(summary);
    const button = (id, words, onclick, kind = "") => el("button", { type: "button", id, class: kind, "data-act": true, onclick }, words);
    return el("p", { class: "actions" },
      waits && isNumber(end) ? el("a", { class: "button main", id: "relay-call", href: `tel:${end}` }, `Call ${end}`) : "",
      summary.thread_id && isOfCustomer ? button("relay-say", "Text …", () => this.#deeds.say(summary.thread_id, end)) : "",
      waits && summary.kind !== "notice" ? button("relay-redrive", "Send again …", () => this.#deeds.sendAgain([summary])) : "",
      waits && summary.final_status === "held" ? button("relay-redrive-held", "Send all of this number on …", () => this.#deeds.sendHeld(summary)) : "",
      waits ? button("relay-handled", "Handled …", () => this.#deeds.handled([summary])) : "",
      isOfCustomer ? el("a", { class: "button quiet", id: "relay-customer", href: customerAddress(end) }, "All texts of this customer") : "");
  }

  #drawLines() {
    const now = new Date(this.#api.now()).toISOString();
    for (const drive of this.#answer.story.drives) {
      const place = this.#place.querySelector(`[data-drive="${drive.number}"]`);
      if (place?.clientWidth) place.replaceChildren(timeline(drive, place.clientWidth, now));
    }
  }
}

/** What was texted; a long text can be unfolded. */
function bodyElements(summary, isWhole) {
  const body = el("blockquote", { id: "relay-text", class: isWhole ? "body whole" : "body", dir: "auto" }, bodyWords(summary) || "(no words)");
  const more = el("button", { type: "button", id: "relay-whole", class: "quiet", "aria-controls": "relay-text", "aria-expanded": String(isWhole), hidden: true }, isWhole ? "Show less" : "Show all of it");
  more.addEventListener("click", () => {
    const isNowWhole = body.classList.toggle("whole");
    more.setAttribute("aria-expanded", String(isNowWhole));
    more.textContent = isNowWhole ? "Show less" : "Show all of it";
  });
  return [body, more];
}

/** The button is there where it does anything; and what scrolls can be scrolled by the keyboard. */
function fold(place) {
  const [body, more] = [place.querySelector("#relay-text"), place.querySelector("#relay-whole")];
  const isLong = body.classList.contains("whole") || body.scrollHeight > body.clientHeight + 2;
  more.hidden = !isLong;
  if (isLong) for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", "The text"]]) body.setAttribute(name, value);
}

/** The keyboard stays where it was on the page, or, where that is gone, at the relay. */
function refocus(around, focused) {
  const again = focused.id ? around : around?.querySelector(focused.tagName);
  (again ?? document.getElementById("relay")).focus({ preventScroll: true });
}

function facts(relay, summary, story) {
  const fact = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));
  const took = story.seconds_to_delivery === null ? "" : ` (+${span(story.seconds_to_delivery)})`;
  return el("dl", { class: "facts" },
    fact("From", el("span", { dir: "auto" }, summary.receiver ? relay.recipient_phone : otherName(summary)), summary.writer ? el("span", { class: "note" }, ` ${relay.sender_phone}`) : ""),
    fact("To", el("span", { dir: "auto" }, summary.receiver || relay.recipient_phone)),
    fact("Received", timeElement(relay.timestamp, true)),
    summary.claimed_by ? fact("Who has it", el("span", { dir: "auto" }, summary.claimed_by)) : "",
    summary.delivery_confirmed_at ? fact("Delivered", timeElement(summary.delivery_confirmed_at), took) : "",
    fact("Message id", el("code", {}, relay.message_id)),
  );
}

function trail(story, from) {
  const names = [`At (${zone(from)})`, "After", "Tier", "Step", "What it means"];
  const head = el("tr", {}, names.map((name) => el("th", { scope: "col" }, name)));
  const lines = story.trail.map((line) =>
    el("tr", {},
      el("td", {}, clock(line.at)),
      el("td", {}, `+${span(line.seconds ?? seconds(from, line.at))}`),
      el("td", {}, line.tier ? String(line.tier) : ""),
      el("td", { "data-tone": line.tone, title: line.step }, line.label),
      el("td", { dir: "auto" }, line.words),
    ),
  );
  return el("details", { id: "relay-trail", class: "as-table" },
    el("summary", {}, `Audit trail: ${story.trail.length} steps`),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Audit trail" }, el("table", {}, el("thead", {}, head), el("tbody", {}, lines))),
  );
}
