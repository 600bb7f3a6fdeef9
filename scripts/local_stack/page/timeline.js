// What the relay did with each text: one story per relay, one line per step of its audit trail.

import { byId, element, reconcile, setText } from "./dom.js";
import { clock, seconds, secondsBetween, told } from "./words.js";

const BADGES = {
  in_progress: ["Under way", "running"],
  delivered: ["Delivered", "good"],
  exhausted: ["Reached nobody", "bad"],
  recorded: ["Kept", "quiet"],
};
const TONES = {
  delivered: "good",
  attempt_failed: "bad",
  exhausted: "bad",
  alarm_raised: "bad",
  attempt_unknown: "warn",
  attempt_unconfirmed: "warn",
  lookup_repeated: "warn",
  escalated: "strong",
};

/** `relays` newest first, `now` in milliseconds at the relay. */
export function showRelays(relays, now) {
  byId("empty").hidden = relays.length > 0;
  const items = relays.map((relay, index) => ({ key: relay.message_id, relay, isNewest: index === 0 }));
  reconcile(byId("stories"), items, makeStory, (story, item) => updateStory(story, item, now));
}

function makeStory({ relay, isNewest }) {
  const story = element(
    "details",
    { class: "story", open: isNewest },
    element(
      "summary",
      {},
      element("span", { class: "quote" }, relay.message_body || "(no words)"),
      element("span", { class: "when" }, clock(relay.timestamp)),
      element("span", { class: "badge" }),
    ),
    element("ol", { class: "steps" }),
    element("p", { class: "waiting", hidden: true }, element("span", { class: "words" }), element("progress", { max: 1 })),
  );
  return story;
}

function updateStory(story, { relay, isNewest }, now) {
  const [label, tone] = BADGES[relay.final_status] || [relay.final_status, "quiet"];
  const badge = story.querySelector(".badge");
  setText(badge, label);
  badge.dataset.tone = tone;
  // The newest opens by itself when it comes; one that made room closes once, and stays as it is left after that.
  if (!isNewest && story.dataset.newest === "yes" && relay.final_status !== "in_progress") story.open = false;
  story.dataset.newest = isNewest || relay.final_status === "in_progress" ? "yes" : "no";
  const lines = relay.error_log.map((entry, index) => ({ key: String(index), entry, relay }));
  reconcile(story.querySelector(".steps"), lines, makeStep, () => {});
  showWaiting(story.querySelector(".waiting"), relay, now);
}

function makeStep({ entry, relay }) {
  const { status, words } = told(relay, entry);
  return element(
    "li",
    { class: "step", "data-tone": TONES[entry.step] || "plain" },
    element("span", { class: "elapsed" }, seconds(secondsBetween(relay.timestamp, entry.at))),
    element("span", { class: "tier", "data-tier": entry.tier || "" }, entry.tier ? `tier ${entry.tier}` : ""),
    element("span", { class: "status" }, status),
    element("span", { class: "words" }, words),
  );
}

/** What a running relay waits for, and how long still. */
function showWaiting(waiting, relay, now) {
  const current = relay.attempts.at(-1);
  const isRunning = relay.final_status === "in_progress" && relay.due_at && current;
  waiting.hidden = !isRunning;
  if (!isRunning) return;
  const until = Date.parse(relay.due_at);
  const from = current.status === "scheduled" ? Date.parse(lastStepAt(relay)) : Date.parse(current.starts_at);
  const left = Math.max(0, (until - now) / 1000);
  const isPlanned = current.status === "scheduled";
  setText(waiting.querySelector(".words"), `${isPlanned ? "The next try begins" : "Goes on"} in ${Math.ceil(left)} s`);
  const progress = waiting.querySelector("progress");
  progress.value = until > from ? Math.min(1, Math.max(0, (now - from) / (until - from))) : 1;
  progress.setAttribute("aria-label", "Time that has passed of this wait");
}

function lastStepAt(relay) {
  return relay.error_log.at(-1).at;
}
