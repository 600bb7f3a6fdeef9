// One row of the live list.

import { customerAddress, relayAddress } from "./places.js";
import { badge, bodyWords, clock, el, isCustomers, isText, otherEnd, otherName, span, tierDots, timeElement } from "./words.js";

export function cells(row) {
  const cell = (kind, ...content) => el("td", { role: "cell", class: kind }, ...content);
  const way = row.receiver ? `${row.kind} to` : "from";
  const words = `${clock(row.timestamp)}, ${way} ${otherName(row)}, ${row.outcome}: open this text`;
  return [
    cell("at", el("a", { href: relayAddress(row.message_id), "aria-label": words }, timeElement(row.timestamp))),
    cell("from", row.receiver ? el("span", { class: "note" }, `${row.kind} to `) : "", end(row)),
    cell("text", el("span", { dir: "auto" }, bodyWords(row))),
    cell("state", ...badge(row)),
    cell("reached", isText(row) ? tierDots(row) : el("span", { class: "note" }, "–")),
    cell("took", took(row)),
  ];
}

/** A customer's number leads to all that was said with that customer. */
function end(row) {
  const name = otherName(row);
  if (!isCustomers(row)) return el("span", { dir: "auto", title: row.writer ? row.sender_phone : false }, name);
  return el("a", { class: "customer", href: customerAddress(otherEnd(row)), "aria-label": `All texts of ${name}`, dir: "auto" }, name);
}

function took(row) {
  if (row.final_status === "claimed" && row.seconds_to_claim !== null) return span(row.seconds_to_claim);
  if (row.seconds_to_delivery !== null) return span(row.seconds_to_delivery);
  if (row.final_status === "in_progress") return el("span", { class: "ticking", "data-since": row.timestamp }, "");
  return el("span", { class: "note" }, "–");
}
