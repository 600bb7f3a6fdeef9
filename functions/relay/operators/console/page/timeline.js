// One drive of a relay, drawn to scale: a lane for each tier, a bar for each attempt, a point for each word from Twilio.
// The same is said in words below the drawing; this is the picture of it.

import { el, seconds, span, svg } from "./words.js";

const LANE = 46;
const AXIS = 26;
const BAR = 14;
const NARROW = 560;
const GUTTER = 128;
const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400];
// Word that came long after the end would squeeze everything else; it is put at the edge and says when it came.
const LATE_SHARE = 0.3;

/** The drawing for this width in pixels. `nowIso` is where an attempt that is still under way ends for the moment. */
export function timeline(drive, width, nowIso) {
  const narrow = width < NARROW;
  const left = narrow ? 10 : GUTTER;
  const lanes = [...new Set(drive.attempts.map((attempt) => attempt.tier))].sort((one, other) => one - other);
  const lane = narrow ? LANE + 20 : LANE;
  const height = AXIS + lanes.length * lane + 6;
  const total = length(drive, nowIso);
  const x = (iso) => left + (Math.min(total, Math.max(0, seconds(drive.started_at, iso))) / total) * (width - left - 34);
  x.until = new Date(Date.parse(drive.started_at) + total * 1000).toISOString();
  const drawing = svg("svg", { class: "timeline", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": spoken(drive) });
  drawing.append(...axis(total, left, width, height));
  lanes.forEach((tier, index) => {
    const attempts = drive.attempts.filter((attempt) => attempt.tier === tier);
    const middle = AXIS + index * lane + (narrow ? 34 : lane / 2);
    drawing.append(...laneLabel(tier, attempts.at(-1).tier_name, middle, narrow, left, width));
    drawing.append(...attempts.flatMap((attempt) => bar(attempt, x, middle, nowIso)));
    drawing.append(...marks(attempts, x, middle + (narrow ? 24 : -11), middle, width, drive, total));
  });
  return drawing;
}

/** `ends`: how an attempt ends → its sign and what it is called. */
export function legend(ends) {
  const entries = [
    ["wait", "waits its turn"],
    ["sending", "being sent"],
    ["waiting", "receipt awaited"],
    ...Object.entries(ends).map(([kind, named]) => [kind, named.join(" ")]),
  ];
  return el("ul", { class: "legend", "aria-hidden": "true" }, entries.map(([kind, words]) => el("li", { "data-kind": kind }, words)));
}

/** How many seconds the drawing spans. */
function length(drive, nowIso) {
  const at = (iso) => (iso ? seconds(drive.started_at, iso) : 0);
  const ends = drive.attempts.map((attempt) => Math.max(at(attempt.ended_at ?? (drive.ended_at ? attempt.started_at : nowIso)), at(attempt.started_at)));
  const decided = Math.max(1, at(drive.ended_at ?? nowIso), ...ends);
  const late = Math.max(0, ...drive.attempts.flatMap((attempt) => attempt.marks.map((mark) => at(mark.at))));
  return late > decided * (1 + LATE_SHARE) ? decided : Math.max(decided, late);
}

function axis(total, left, width, height) {
  const room = Math.max(2, Math.floor((width - left) / 72));
  const step = STEPS_S.find((candidate) => total / candidate <= room) ?? 86400 * Math.ceil(total / 86400 / room);
  const parts = [];
  for (let at = 0; at <= total * 1.0001; at += step) {
    const place = left + (at / total) * (width - left - 34);
    parts.push(svg("line", { class: "grid", x1: place, x2: place, y1: AXIS - 6, y2: height }));
    parts.push(svg("text", { class: "tick", x: place, y: 13, "text-anchor": at === 0 && left < 40 ? "start" : "middle" }, at === 0 ? "0" : tick(at)));
  }
  return parts;
}

function tick(at) {
  if (at < 60) return `${Number(at.toFixed(1))} s`;
  if (at < 3600) return at % 60 ? `${Math.floor(at / 60)}:${String(at % 60).padStart(2, "0")}` : `${at / 60} min`;
  return at % 3600 ? `${Math.floor(at / 3600)} h ${Math.round((at % 3600) / 60)}` : `${at / 3600} h`;
}

function laneLabel(tier, name, middle, narrow, left, width) {
  const short = name.length > 17 && !narrow ? `${name.slice(0, 16)}…` : name;
  const line = svg("line", { class: "lane", x1: left, x2: width - 4, y1: middle, y2: middle });
  if (narrow) {
    return [line, svg("text", { class: "lane-name", x: left, y: middle - 16 }, `Tier ${tier} · ${short}`)];
  }
  return [
    line,
    svg("text", { class: "lane-name", x: 0, y: middle - 2 }, `Tier ${tier}`),
    svg("text", { class: "lane-who", x: 0, y: middle + 13 }, svg("title", {}, name), short),
  ];
}

function bar(attempt, x, middle, nowIso) {
  const parts = [];
  const began = attempt.started_at ?? (attempt.ended_at || nowIso);
  if (seconds(attempt.planned_at, began) > 0.05) {
    parts.push(svg("line", { class: "wait", x1: x(attempt.planned_at), x2: x(began), y1: middle, y2: middle }));
  }
  if (!attempt.started_at) return parts;
  const ended = attempt.ended_at ?? (attempt.status === "unknown" && attempt.deadline_at < nowIso ? attempt.deadline_at : nowIso);
  const accepted = attempt.accepted_at;
  const turn = accepted && accepted < ended ? accepted : attempt.ended_at && !accepted ? ended : accepted ?? ended;
  const rect = (from, to, kind) => {
    const start = x(from);
    return svg("rect", { class: kind, x: start, y: middle - BAR / 2, width: Math.max(3, x(to) - start), height: BAR, rx: 3 });
  };
  parts.push(rect(attempt.started_at, turn, "sending"));
  if (turn !== ended) parts.push(rect(turn, ended, "waiting"));
  if (!attempt.ended_at && attempt.deadline_at && attempt.deadline_at <= x.until) {
    const place = x(attempt.deadline_at);
    parts.push(svg("line", { class: "deadline", x1: place, x2: place, y1: middle - 11, y2: middle + 11 }, svg("title", {}, "its deadline")));
  }
  return parts;
}

/** Points of decision with their codes; a code is left out where it would cover the one before it. */
function marks(attempts, x, codeLine, middle, width, drive, total) {
  const parts = [];
  let free = -Infinity;
  for (const attempt of attempts) {
    const sign = attempt.sign;
    const at = attempt.ended_at ?? (sign ? attempt.marks.at(-1)?.at : null);
    if (!sign || !at) continue;
    const place = x(at);
    const late = seconds(drive.started_at, at) > total ? ` +${span(seconds(drive.started_at, at))}` : "";
    const label = attempt.code + late;
    parts.push(
      svg(
        "g",
        { class: "mark", "data-kind": attempt.status },
        svg("title", {}, `Attempt ${attempt.number}: ${attempt.words}`),
        svg("circle", { cx: place, cy: middle, r: 9 }),
        svg("text", { class: "sign", x: place, y: middle + 4, "text-anchor": "middle" }, sign),
      ),
    );
    const size = label.length * 7 + 6;
    const right = place + 13 + size < width;
    const start = right ? place + 13 : place - 13 - size;
    if (label && start > free) {
      parts.push(svg("text", { class: "code", x: right ? start : place - 13, y: codeLine, "text-anchor": right ? "start" : "end" }, label));
      free = start + size;
    }
  }
  return parts;
}

function spoken(drive) {
  const parts = drive.attempts.map((attempt) => {
    const code = attempt.code ? ` (code ${attempt.code})` : "";
    return `tier ${attempt.tier}, try ${attempt.try_in_tier}: ${attempt.words}${code}`;
  });
  return `Timeline. ${parts.join("; ")}.`;
}
