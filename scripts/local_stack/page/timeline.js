// What the relay did with each text: one story per relay, one line per step of its audit trail.

import { byId, element, reconcile, setText } from "./dom.js";
import { clock, seconds, secondsBetween, zone } from "./times.js";

// Which way a text goes, where it is no customer's.
const KINDS = { handler: "from a handler", answer: "to the customer", notice: "to a handler", operator: "operator" };

/** Which way it goes; a handler's by his name, where it is known. */
function kindOf({ kind, writer }) {
  return kind === "handler" && writer ? `from ${writer}` : KINDS[kind] || "";
}

/** `relays` newest first, `now` in milliseconds at the relay. */
export function showRelays(relays, now) {
  byId("empty").hidden = relays.length > 0;
  const items = relays.map((told, index) => ({ key: told.summary.message_id, ...told, isNewest: index === 0 }));
  reconcile(byId("stories"), items, makeStory, (story, item) => updateStory(story, item, now));
}

function makeStory({ summary, isNewest }) {
  const story = element(
    "details",
    { class: "story", open: isNewest },
    element(
      "summary",
      {},
      element("span", { class: "kind", dir: "auto" }, kindOf(summary)),
      element("span", { class: "quote", dir: "auto" }, summary.message_body || "(no words)"),
      element("time", { class: "when", datetime: summary.timestamp }, `${clock(summary.timestamp)} ${zone(summary.timestamp)}`),
      element("span", { class: "badge" }),
    ),
    element("p", { class: "headline" }),
    element("ol", { class: "steps" }),
    element("p", { class: "waiting", hidden: true }, element("span", { class: "words" }), element("progress", { max: 1 })),
    element("a", { class: "in-console", href: `/console/#relay=${summary.message_id}` }, "Open it in the console"),
  );
  return story;
}

function updateStory(place, { summary, story, isNewest }, now) {
  const badge = place.querySelector(".badge");
  setText(badge, `${summary.sign} ${summary.outcome}`);
  badge.dataset.outcome = badge.title = summary.final_status;
  const headline = place.querySelector(".headline");
  const took = summary.seconds_to_delivery;
  setText(headline, took === null ? summary.headline : `${summary.headline} Took ${seconds(took)}.`);
  headline.dataset.outcome = summary.final_status;
  // The newest opens by itself when it comes; one that made room closes once, and stays as it is left after that.
  const isRunning = summary.final_status === "in_progress";
  if (!isNewest && place.dataset.newest === "yes" && !isRunning) place.open = false;
  place.dataset.newest = isNewest || isRunning ? "yes" : "no";
  const lines = story.trail.map((line, index) => ({ key: String(index), line, from: summary.timestamp }));
  reconcile(place.querySelector(".steps"), lines, makeStep, () => {});
  showWaiting(place.querySelector(".waiting"), story.waits, now);
}

function makeStep({ line, from }) {
  return element(
    "li",
    { class: "step", "data-tone": line.tone },
    element("span", { class: "elapsed" }, seconds(secondsBetween(from, line.at))),
    element("span", { class: "tier", "data-tier": line.tier || "" }, line.tier ? `tier ${line.tier}` : ""),
    element("span", { class: "status" }, line.label),
    element("span", { class: "words" }, line.words),
  );
}

/** What a relay that is under way waits for, and how long still; `waits` is null when it waits for nothing. */
function showWaiting(place, waits, now) {
  place.hidden = !waits;
  if (!waits) return;
  const until = Date.parse(waits.until);
  const from = Date.parse(waits.since);
  const left = Math.max(0, (until - now) / 1000);
  setText(place.querySelector(".words"), `${waits.words} ${Math.ceil(left)} s`);
  const progress = place.querySelector("progress");
  progress.value = until > from ? Math.min(1, Math.max(0, (now - from) / (until - from))) : 1;
  progress.setAttribute("aria-label", "Time that has passed of this wait");
}
