// The record in plain words. The words themselves are in words.json, which the terminal uses too.

let table = {};

export async function loadWords() {
  const answer = await fetch("/page/words.json");
  table = await answer.json();
}

/** Put values into {names}. A part in [brackets] is left out when a value in it is empty. */
export function fill(template, values) {
  const kept = template.replace(/\[([^\]]*)\]/g, (_, part) =>
    [...part.matchAll(/\{(\w+)\}/g)].every((match) => values[match[1]]) ? part : "",
  );
  return kept.replace(/\{(\w+)\}/g, (_, name) => values[name] || "");
}

export function handlerOf(relay, tier) {
  return relay.policy.tiers[tier - 1]?.name || `tier ${tier}`;
}

/** One line of the trail: `status` in a word or two, `words` as a sentence. */
export function told(relay, entry) {
  const line = table[entry.step] || { status: entry.step, words: "{reason}" };
  const values = {
    handler: entry.tier ? handlerOf(relay, entry.tier) : "",
    reason: entry.reason || "",
    status: entry.status || "",
    // Not positive: a stand-in for "no code"; the reason says what it was.
    code: entry.error_code > 0 ? String(entry.error_code) : "",
  };
  const noticed = ["sweep", "reconcile"].includes(entry.by) ? ` (Noticed by the ${entry.by}.)` : "";
  return { status: fill(line.status, values), words: fill(line.words, values) + noticed };
}

export function secondsBetween(from, to) {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

export function seconds(amount) {
  return `${amount < 100 ? amount.toFixed(1) : Math.round(amount)} s`;
}

export function clock(at) {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

const NOW_WORDS = {
  scheduled: (handler) => `${handler} is tried next`,
  claimed: (handler) => `Texting ${handler}`,
  accepted: (handler) => `Waiting for ${handler}'s carrier to confirm`,
  unknown: (handler) => `Finding out whether it left for ${handler}`,
};

/** Where a relay is, for the caption under the customer's text. `tone` is how it went. */
export function whereabouts(relay) {
  if (!relay) return { words: "On its way to the relay", tone: "running" };
  if (relay.final_status === "delivered") {
    const took = seconds(secondsBetween(relay.timestamp, relay.delivery_confirmed_at));
    return { words: `Reached ${handlerOf(relay, relay.delivered_tier)} after ${took}`, tone: "good" };
  }
  if (relay.final_status === "exhausted") return { words: "Reached nobody; the alarm was raised", tone: "bad" };
  if (relay.final_status === "recorded") return { words: "Kept on record, not forwarded", tone: "quiet" };
  const current = relay.attempts.at(-1);
  const words = NOW_WORDS[current?.status]?.(handlerOf(relay, current.tier));
  return { words: words || "On its way", tone: "running" };
}
