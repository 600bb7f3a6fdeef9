// The attempts of a relay in words. Tries that went alike are one entry: twelve times the same is said once.

import { legend } from "./timeline.js";
import { clock, codeElement, el, seconds, span, zone } from "./words.js";

/** A section for each drive, the latest first. The picture is drawn into [data-drive] later. */
export function drives(story, attemptEnds) {
  if (story.drives.every((drive) => drive.attempts.length === 0)) return [];
  const parts = story.drives.map((drive) => {
    const title = drive.number === 1 ? "Attempts" : `Sent again (${drive.number - 1}), ${clock(drive.started_at)} ${zone(drive.started_at)}`;
    return el("section", { class: "drive", "aria-label": title },
      el("h3", {}, title, drive.number === 1 ? el("span", { class: "note" }, ` times are ${zone(drive.started_at)}`) : ""),
      el("div", { class: "line", "data-drive": drive.number }),
      el("ol", { class: "attempts" }, alike(drive.attempts).map((attempts) => entry(attempts, drive))));
  });
  return [...parts.reverse(), legend(attemptEnds)];
}

/** Runs of tries at one tier that ended the same way. */
function alike(attempts) {
  const runs = [];
  for (const attempt of attempts) {
    const run = runs.at(-1);
    const isSame = run && ["tier", "tier_name", "status", "code", "words"].every((name) => run[0][name] === attempt[name]);
    if (isSame) run.push(attempt);
    else runs.push([attempt]);
  }
  return runs;
}

function entry(attempts, drive) {
  const [first, last] = [attempts[0], attempts.at(-1)];
  const advice = attempts.map((attempt) => attempt.advice).filter(Boolean).at(-1);
  const code = codeElement(first.code);
  const tries = attempts.length === 1 ? `try ${first.try_in_tier}` : `tries ${first.try_in_tier} to ${last.try_in_tier}`;
  return el("li", { "data-kind": first.status },
    el("p", { class: "attempt-head" },
      el("strong", {}, `Tier ${first.tier} · `, el("span", { dir: "auto" }, first.tier_name)),
      el("span", { class: "note" }, `${tries}, `, when(first, drive), attempts.length > 1 ? [" to ", when(last, drive)] : lasted(first)),
    ),
    el("p", {}, code, code ? " " : "", first.words, attempts.length > 1 ? ` (${attempts.length} times)` : ""),
    advice ? el("p", { class: "advice" }, advice) : "",
    attempts.length > 1 ? el("details", { id: `tries-${drive.number}-${first.number}`, class: "tries" },
      el("summary", {}, `Each of the ${attempts.length} tries`),
      el("ol", { class: "plain" }, attempts.map((attempt) => el("li", {}, `try ${attempt.try_in_tier}: `, when(attempt, drive), lasted(attempt))))) : "",
  );
}

/** The time of day, and how long after the beginning. */
function when(attempt, drive) {
  const at = attempt.started_at ?? attempt.starts_at;
  return el("time", { datetime: at }, `${clock(at)} (+${span(seconds(drive.started_at, at))})`);
}

function lasted(attempt) {
  const took = attempt.started_at && attempt.ended_at ? seconds(attempt.started_at, attempt.ended_at) : 0;
  return `${took >= 0.05 ? `, for ${span(took)}` : ""}${attempt.is_resend ? ", once more after its fate was unknown" : ""}`;
}
