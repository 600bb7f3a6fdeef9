// The last 24 hours: counts, and a bar for each hour by final status and tier. Each leads to the texts that it counts.

import { HOUR_MS } from "./feed.js";
import { tierOf } from "./filters.js";
import { addressOf } from "./places.js";
import { el, isText, momentWords, show, span, svg, zone } from "./words.js";

const HEIGHT = 112;
const FOOT = 18;
const LEFT = 26;

/** From the bottom of a bar to its top, with words and short words. What went wrong is on top, where it is seen. */
function kinds({ in_progress: running, delivered, exhausted, recorded, held }) {
  const [sign, word] = delivered;
  return [
    ["tier1", `${word} at tier 1`, `${sign} tier 1`],
    ["tier2", `${word} at tier 2`, `${sign} tier 2`],
    ["tier3", `${word} at tier 3 or later`, `${sign} tier 3+`],
    ["running", running[1], running[1]],
    ["recorded", recorded[1], recorded[1]],
    ["held", held[1], held[1]],
    ["exhausted", exhausted[1], exhausted[1]],
  ];
}

function kindOf(row) {
  // What a person took was delivered too, at the tier that the relay had come to.
  if (["delivered", "claimed"].includes(row.final_status)) return `tier${tierOf(row)}`;
  return row.final_status === "in_progress" ? "running" : row.final_status;
}

/** What to search for, to see the texts of a kind. */
function filtersOf(kind) {
  if (kind.startsWith("tier")) return { tier: kind.slice(-1) };
  return { outcome: { running: "in_progress", all: "" }[kind] ?? kind };
}

const filtersOfHour = (start) => ({ time: "own", from: momentWords(start), to: momentWords(start + HOUR_MS) });

export class DayView {
  #feed;
  #api;
  #chart = document.getElementById("day-chart");
  #counts = document.getElementById("day-counts");
  #table = document.getElementById("day-table");
  #note = document.getElementById("day-note");
  #kinds;
  #drawn = "";

  /** `outcomes`: final status → its sign and what it is called. */
  constructor(feed, api, outcomes) {
    this.#feed = feed;
    this.#api = api;
    this.#kinds = kinds(outcomes);
    let waiting = false;
    const soon = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        this.draw();
      });
    };
    feed.addEventListener("change", soon);
    new ResizeObserver(soon).observe(this.#chart);
  }

  draw() {
    if (this.#feed.dayFrom === null) {
      show(this.#note, "loading …");
      return;
    }
    const now = this.#api.now();
    const rows = this.#feed.select((row) => isText(row) && Date.parse(row.timestamp) > now - 24 * HOUR_MS);
    const hours = perHour(rows, now);
    const width = this.#chart.clientWidth;
    const signature = JSON.stringify([width, hours, rows.length, this.#feed.dayIsWhole]);
    if (signature === this.#drawn) return;
    this.#drawn = signature;
    show(this.#note, this.#feed.dayIsWhole ? "" : `the newest ${rows.length} only`);
    this.#counts.replaceChildren(...counts(rows, this.#kinds));
    this.#chart.replaceChildren(...(width > 0 ? [chart(hours, width, this.#kinds)] : []));
    this.#table.replaceChildren(table(hours, this.#kinds));
  }
}

/** 25 clock hours, the first and the last of them in part: { start, counts by kind }. */
function perHour(rows, now) {
  const last = new Date(now);
  last.setMinutes(0, 0, 0);
  const first = last.getTime() - 24 * HOUR_MS;
  const hours = Array.from({ length: 25 }, (_, index) => ({ start: first + index * HOUR_MS, counts: {} }));
  for (const row of rows) {
    const hour = hours[Math.floor((Date.parse(row.timestamp) - first) / HOUR_MS)];
    if (hour) hour.counts[kindOf(row)] = (hour.counts[kindOf(row)] ?? 0) + 1;
  }
  return hours;
}

const sum = (hour) => Object.values(hour.counts).reduce((total, count) => total + count, 0);

function counts(rows, kinds) {
  const of = (kind) => rows.filter((row) => kindOf(row) === kind).length;
  const times = rows.map((row) => row.seconds_to_delivery).filter((seconds) => seconds !== null);
  times.sort((one, other) => one - other);
  const entry = (kind, words, value) => el("div", { "data-kind": kind }, el("dt", {}, words), el("dd", {}, value));
  const link = (kind, words, count) => entry(kind, words, el("a", { href: addressOf({ filters: filtersOf(kind) }), "aria-label": `${count} ${words}: show them` }, String(count)));
  return [
    link("all", "texts", rows.length),
    ...kinds.map(([kind, , short]) => link(kind, short, of(kind))),
    entry("all", "median delivery", times.length ? span(times[Math.floor((times.length - 1) / 2)]) : "–"),
  ];
}

function chart(hours, width, kinds) {
  const most = Math.max(1, ...hours.map(sum));
  const step = niceStep(most);
  const top = Math.ceil(most / step) * step;
  const y = (count) => HEIGHT - FOOT - (count / top) * (HEIGHT - FOOT - 10);
  const column = (width - LEFT) / hours.length;
  const drawing = svg("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": spoken(hours) });
  for (let count = 0; count <= top; count += step) {
    drawing.append(svg("line", { class: "grid", x1: LEFT, x2: width, y1: y(count), y2: y(count) }));
    drawing.append(svg("text", { class: "tick", x: LEFT - 5, y: y(count) + 4, "text-anchor": "end" }, String(count)));
  }
  hours.forEach((hour, index) => {
    const left = LEFT + index * column;
    const time = new Date(hour.start);
    let below = 0;
    // The table below has the same as links, for those who use no mouse.
    const bar = svg("g", { class: "hour", onclick: () => (location.hash = addressOf({ filters: filtersOfHour(hour.start) })) },
      svg("title", {}, `${label(time)} ${zone(time)}: ${inWords(hour, kinds)}`),
      svg("rect", { class: "ground", x: left, y: 0, width: column, height: HEIGHT - FOOT }));
    for (const [kind] of kinds) {
      const count = hour.counts[kind] ?? 0;
      if (count === 0) continue;
      const high = y(below + count);
      bar.append(svg("rect", { "data-kind": kind, x: left + column * 0.12, y: high, width: column * 0.76, height: Math.max(1, y(below) - high - 0.5) }));
      below += count;
    }
    drawing.append(bar);
    if (time.getHours() % (width < 560 ? 6 : 3) === 0) {
      drawing.append(svg("text", { class: "tick", x: left + column / 2, y: HEIGHT - 3, "text-anchor": "middle" }, label(time)));
    }
  });
  return drawing;
}

function niceStep(most) {
  const rough = most / 3;
  const size = 10 ** Math.floor(Math.log10(rough));
  return Math.max(1, [1, 2, 5, 10].find((factor) => factor * size >= rough) * size);
}

const label = (time) => `${String(time.getHours()).padStart(2, "0")}:00`;

function inWords(hour, kinds) {
  const parts = kinds.filter(([kind]) => hour.counts[kind]).map(([kind, words]) => `${hour.counts[kind]} ${words}`);
  return parts.join(", ") || "no texts";
}

function spoken(hours) {
  const busy = hours.filter((hour) => sum(hour) > 0);
  if (busy.length === 0) return "Bar chart of the last 24 hours: no texts.";
  return `Bar chart of the last 24 hours by outcome and tier; the table below has its numbers. ${busy.length} hours had texts.`;
}

function table(hours, kinds) {
  const head = el("tr", {}, el("th", { scope: "col" }, `Hour (${zone()})`), kinds.map(([, words]) => el("th", { scope: "col" }, words)));
  const lines = hours
    .filter((hour) => sum(hour) > 0)
    .map((hour) => el("tr", {}, el("th", { scope: "row" }, el("a", { href: addressOf({ filters: filtersOfHour(hour.start) }) }, label(new Date(hour.start)))), kinds.map(([kind]) => el("td", {}, String(hour.counts[kind] ?? 0)))));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, lines));
}
