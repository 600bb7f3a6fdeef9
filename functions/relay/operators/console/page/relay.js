// One relay: how it stands, what was tried and why it failed, drawn to scale and in words.

import { conversation } from "./conversation.js";
import { legend, timeline } from "./timeline.js";
import { badge, bodyWords, clock, codeElement, el, otherEnd, seconds, span, timeElement, waitsForAPerson } from "./words.js";

export class RelayView {
  #api;
  #feed;
  #redrive;
  #attemptEnds;
  #place = document.getElementById("relay-body");
  #id = null;
  #answer = null;
  #thread = null;
  #asked = 0;

  /** `redrive` is called with the row of the relay that the operator wants to start again; `attemptEnds`: what each is called. */
  constructor(api, feed, attemptEnds, redrive) {
    this.#api = api;
    this.#feed = feed;
    this.#redrive = redrive;
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
    if (id === null) return;
    this.#place.replaceChildren(el("p", { class: "nothing", id: "relay-title" }, "Loading the relay …"));
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
    const isFolded = this.#place.querySelector("#relay-thread:not([open])") !== null;
    const open = [...this.#place.querySelectorAll("details[open]")].map((details) => details.id);
    const focused = this.#place.contains(document.activeElement) ? document.activeElement : null;
    const around = focused?.closest("[id]").id;
    this.#place.replaceChildren(
      el("header", { class: "relay-head" },
        el("p", { class: "states" }, ...badge(summary), summary.recovered ? el("span", { class: "badge", "data-outcome": "recovered" }, "recovered") : ""),
        el("h2", { id: "relay-title" }, story.headline),
        el("p", { class: "advice" }, el("strong", {}, "What to do: "), story.advice),
        this.#actions(summary),
      ),
      facts(relay, summary, story),
      el("blockquote", { class: "body" }, bodyWords(summary)),
      ...this.#drives(story),
      this.#thread ? conversation(this.#thread, relay.message_id) : "",
      trail(story, relay.timestamp),
      el("details", { id: "relay-record", class: "as-table" },
        el("summary", {}, "The record as it is stored"),
        el("pre", { tabindex: "0", role: "region", "aria-label": "The record as it is stored" }, JSON.stringify(relay, null, 2)),
      ),
    );
    if (isFolded) this.#place.querySelector("#relay-thread")?.removeAttribute("open");
    for (const id of open) this.#place.querySelector(`#${id}`)?.setAttribute("open", "");
    if (focused) refocus(document.getElementById(around), focused);
    this.#drawLines();
  }

  #actions(summary) {
    if (!waitsForAPerson(summary)) return "";
    const all = summary.final_status === "held" ? el("button", { type: "button", id: "relay-redrive-held", onclick: () => this.#redrive(summary, true) }, "Redrive all of this number …") : "";
    const end = otherEnd(summary);
    const call = end.startsWith("+") ? el("a", { class: "button", href: `tel:${end}` }, `Call ${end}`) : "";
    if (summary.kind === "notice") return call ? el("p", { class: "actions" }, call) : "";
    return el("p", { class: "actions" }, call, el("button", { type: "button", id: "relay-redrive", class: "main", onclick: () => this.#redrive(summary) }, "Redrive …"), all);
  }

  #drives(story) {
    if (story.drives.every((drive) => drive.attempts.length === 0)) return [];
    const parts = story.drives.map((drive) => {
      const title = drive.number === 1 ? "Attempts" : `Redrive ${drive.number - 1}, ${clock(drive.started_at)}`;
      return el("section", { class: "drive", "aria-label": title },
        el("h3", {}, title),
        el("div", { class: "line", "data-drive": drive.number }),
        el("ol", { class: "attempts" }, drive.attempts.map((attempt) => attemptWords(attempt, drive.started_at))),
      );
    });
    return [...parts.reverse(), legend(this.#attemptEnds)];
  }

  #drawLines() {
    const now = new Date(this.#api.now()).toISOString();
    for (const drive of this.#answer.story.drives) {
      const place = this.#place.querySelector(`[data-drive="${drive.number}"]`);
      if (place?.clientWidth) place.replaceChildren(timeline(drive, place.clientWidth, now));
    }
  }
}

/** The keyboard stays where it was on the page, or, where that is gone, at the relay. */
function refocus(around, focused) {
  const again = focused.id ? around : around?.querySelector(focused.tagName);
  (again ?? document.getElementById("relay")).focus();
}

function facts(relay, summary, story) {
  const fact = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));
  return el("dl", { class: "facts" },
    fact("From", summary.receiver ? relay.recipient_phone : relay.sender_phone),
    fact("To", summary.receiver || relay.recipient_phone),
    fact("Received", timeElement(relay.timestamp)),
    summary.claimed_by ? fact("Taken by", summary.claimed_by) : "",
    fact("Time to delivery", story.seconds_to_delivery === null ? "–" : span(story.seconds_to_delivery)),
    fact("Message id", el("code", {}, relay.message_id)),
    story.attachments ? fact("Attachments", story.attachments.words, ...story.attachments.lines.map(attachmentLine)) : "",
  );
}

function attachmentLine(line) {
  return el("div", {}, line.words, " ", line.media_id ? el("code", {}, line.media_id) : "");
}

function attemptWords(attempt, startedAt) {
  const at = attempt.started_at ?? attempt.starts_at;
  const took = attempt.started_at && attempt.ended_at ? seconds(attempt.started_at, attempt.ended_at) : 0;
  const lasted = took >= 0.05 ? `, for ${span(took)}` : "";
  const code = codeElement(attempt.code);
  return el("li", { "data-kind": attempt.status },
    el("p", { class: "attempt-head" },
      el("strong", {}, `Tier ${attempt.tier} · ${attempt.tier_name}`),
      el("span", { class: "note" }, `try ${attempt.try_in_tier}, at +${span(seconds(startedAt, at))}${lasted}${attempt.is_resend ? ", sent once more" : ""}`),
    ),
    el("p", {}, code, code ? " " : "", attempt.words),
    attempt.advice ? el("p", { class: "advice" }, attempt.advice) : "",
  );
}

function trail(story, from) {
  const head = el("tr", {}, ["After", "Tier", "Step", "What it means"].map((name) => el("th", { scope: "col" }, name)));
  const lines = story.trail.map((line) =>
    el("tr", {},
      el("td", { title: line.at }, `+${span(line.seconds ?? seconds(from, line.at))}`),
      el("td", {}, line.tier ? String(line.tier) : ""),
      el("td", { "data-tone": line.tone }, line.label),
      el("td", {}, line.words),
    ),
  );
  return el("details", { id: "relay-trail", class: "as-table" },
    el("summary", {}, `Audit trail: ${story.trail.length} steps`),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Audit trail" }, el("table", {}, el("thead", {}, head), el("tbody", {}, lines))),
  );
}
