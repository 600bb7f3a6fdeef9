// Elements and times: what every view draws the same way. What is said of a relay comes from the relay itself.

export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const two = (number) => String(number).padStart(2, "0");

const day = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** What this machine's zone is called at that time: CET, GMT+5:30. */
export function zone(iso = Date.now()) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(new Date(iso));
  return parts.find((part) => part.type === "timeZoneName").value;
}

/** Date and time as people give them in this page's own form, 2026-11-30 14:05; null when it is none. */
export function moment(text) {
  const found = /^\s*(\d{4})-(\d\d?)-(\d\d?)(?:[ T]+(\d\d?)[:.](\d\d))?\s*$/.exec(text);
  if (!found) return null;
  const [year, month, date, hour = 0, minute = 0] = found.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const at = new Date(year, month - 1, date, hour, minute);
  const isReal = at.getMonth() === month - 1 && at.getDate() === date && hour < 24 && minute < 60;
  return isReal ? at.getTime() : null;
}

/** The same the other way round. */
export function momentWords(ms) {
  const date = new Date(ms);
  return `${day(date)} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Local time of day, of 24 hours; with the date when it is not today's. */
export function clock(iso, now = new Date()) {
  const date = new Date(iso);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return day(date) === day(now) ? time : `${day(date)} ${time}`;
}

/** A <time> element with local time shown, `named` with its zone; and UTC on hovering. */
export function timeElement(iso, named = false) {
  const words = named ? `${clock(iso)} ${zone(iso)}` : clock(iso);
  return el("time", { datetime: iso, title: `${iso.replace("T", " ").slice(0, 19)} UTC` }, words);
}

/** A length of time with the two units that matter: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min, 3 d 4 h. */
export function span(seconds) {
  const whole = Math.round(seconds);
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return both(whole, 60, "min", 1, "s");
  if (whole < 86400) return both(whole, 3600, "h", 60, "min");
  return both(whole, 86400, "d", 3600, "h");
}

function both(seconds, large, largeName, small, smallName) {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${largeName}${rest ? ` ${rest} ${smallName}` : ""}`;
}

export const seconds = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;

/** Whether it is a text for the handlers. Answers, notices and what operators did go another way, and are not counted as texts. */
export const isText = (row) => !["answer", "notice", "operator"].includes(row.kind);

/** Whether it goes no further without a person. An answer does when no handler was told that it is lost. */
export const standsStill = (row) =>
  Boolean(row.set_aside_because || row.handled) || (isText(row) ? ["exhausted", "held"].includes(row.final_status) : row.needs_a_person);

/** Whether it waits for a person, who may send it again or see to it: not any more when an operator has handled it. */
export const waitsForAPerson = (row) => standsStill(row) && !row.handled;

/** Who is at the other end: who texted, or for whom an answer or a notice is. */
export const otherEnd = (row) => row.receiver || row.sender_phone;

/** The same as people call it: a handler who texted by name. */
export const otherName = (row) => row.receiver || row.writer || row.sender_phone;

export const isNumber = (end) => /^\+\d+$/.test(end);

/** Whether the other end is a customer, who has a page. */
export const isCustomers = (row) => ["customer", "answer"].includes(row.kind) && Boolean(otherEnd(row));

/** Whether a handler has told the carriers to bring no texts of ours any more. */
export const isOptOut = (row) => row.sender_class === "handler_opt_out";

/** What is rare, and must not be overlooked: the kind of each mark, and its word. */
function marks(row) {
  return [
    row.is_overdue && ["overdue", "overdue", "Due, and neither timers nor the sweep went on with it"],
    row.recovered && ["recovered", "recovered", "Its webhook never came: it was found in the list of texts"],
    isOptOut(row) && ["opted-out", "opted out", "A handler's phone gets no texts of ours until it texts START"],
    row.handled && ["handled", "handled", `By ${row.handled.by}`],
  ].filter(Boolean);
}

/** The word is always shown beside the sign: colour and shape alone tell nothing. What the record calls it is on hovering. */
export function badge(row) {
  const outcome = el("span", { class: "badge", "data-outcome": row.final_status, title: row.final_status },
    el("span", { "aria-hidden": "true" }, row.sign), ` ${row.outcome}`);
  const more = marks(row).map(([kind, word, title]) => el("span", { class: "badge mark", "data-outcome": kind, title }, word));
  return [outcome, ...more.flatMap((one) => [" ", one])];
}

/** Words about a row, with the name in them set apart: written from right to left it would turn what stands behind it. */
export function apart(words, row) {
  const name = [row.claimed_by, row.tier_name, row.writer].find((one) => one && words.includes(one));
  if (!name) return [words];
  const at = words.indexOf(name);
  return [words.slice(0, at), el("bdi", {}, name), words.slice(at + name.length)];
}

/** Who has seen to it, with the note. */
export function handledWords({ by, note, at }) {
  return ["Handled by ", el("b", { dir: "auto" }, by), ", ", timeElement(at), note ? [": ", el("span", { dir: "auto" }, note)] : ""].flat();
}

/** How many of its tiers a relay has come to, as dots and in words. */
export function tierDots(row) {
  if (!row.tier_reached) return el("span", { class: "note" }, "–");
  const dots = "●".repeat(row.tier_reached) + "○".repeat(Math.max(0, row.tiers - row.tier_reached));
  return el(
    "span",
    { class: "tier" },
    el("span", { class: "dots", "data-outcome": row.final_status, "aria-hidden": "true" }, dots),
    el("span", {}, `${row.tier_reached} of ${row.tiers}`),
    el("span", { class: "note", dir: "auto" }, row.tier_name ?? ""),
  );
}

/** An error code, where there is one; `code` is empty otherwise. */
export function codeElement(code) {
  return code ? el("code", { class: "code" }, code) : "";
}

/** What was texted, with what came along in front. */
export function bodyWords(row) {
  const files = row.files ? `[${row.files}]` : "";
  return [files, row.message_body].filter(Boolean).join(" ");
}

/** Replace what is in an element, unless it is the same already: nothing flickers and no selection is lost. */
export function show(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
