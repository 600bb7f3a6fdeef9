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

/** Local time of day; with the date when it is not today's. */
export function clock(iso, now = new Date()) {
  const date = new Date(iso);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return day(date) === day(now) ? time : `${day(date)} ${time}`;
}

/** A <time> element with local time shown and UTC on hovering. */
export function timeElement(iso) {
  return el("time", { datetime: iso, title: `${iso.replace("T", " ").slice(0, 23)} UTC` }, clock(iso));
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

/** Whether it waits for a person, who may start it again. An answer does when no handler was told that it is lost. */
export const waitsForAPerson = (row) =>
  Boolean(row.set_aside_because) || (isText(row) ? ["exhausted", "held"].includes(row.final_status) : row.needs_a_person);

/** Who is at the other end: who texted, or for whom an answer or a notice is. */
export const otherEnd = (row) => row.receiver || row.sender_phone;

/** The word is always shown beside the sign: colour and shape alone tell nothing. */
export function badge(row) {
  const overdue = row.is_overdue ? [" ", el("span", { class: "badge", "data-outcome": "overdue" }, "overdue")] : [];
  return [
    el("span", { class: "badge", "data-outcome": row.final_status }, el("span", { "aria-hidden": "true" }, row.sign), ` ${row.outcome}`),
    ...overdue,
  ];
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
    el("span", { class: "note" }, row.tier_name ?? ""),
  );
}

/** An error code, where there is one; `code` is empty otherwise. */
export function codeElement(code) {
  return code ? el("code", { class: "code" }, code) : "";
}

export function bodyWords(row) {
  const media = row.media_count ? `[${row.media_count} attachment${row.media_count > 1 ? "s" : ""}] ` : "";
  return media + row.message_body;
}

/** Replace what is in an element, unless it is the same already: nothing flickers and no selection is lost. */
export function show(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
