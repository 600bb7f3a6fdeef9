// What the wall shows, from rows: one card for each customer with all that waits, and the causes that several share.

import { isOptOut, isText, otherName, waitsForAPerson } from "./words.js";

const BACK_IN = /^\s*(?:start|unstop|yes)\s*[.!]?\s*$/i;

/** Whether this row belongs on the wall. `later` are the rows of the same sender since. */
export function isUnreached(row, later) {
  if (row.handled) return false;
  if (isOptOut(row)) return !later.some((one) => one.sender_phone === row.sender_phone && BACK_IN.test(one.message_body));
  return waitsForAPerson(row) || (isText(row) && row.is_overdue);
}

/** One for each other end, the longest waiting first: its `end`, and its `rows`, the oldest first. */
export function cardsOf(rows) {
  const cards = new Map();
  for (const row of [...rows].sort(oldestFirst)) {
    const end = otherName(row);
    if (!cards.has(end)) cards.set(end, { end, rows: [] });
    cards.get(end).rows.push(row);
  }
  return [...cards.values()];
}

/** By which causes are the same; empty where none is known. */
export function causeOf(row) {
  return row.set_aside_because || (row.reason ? `${row.reason} ${row.code}` : "");
}

/** The causes that more than one card has, the most frequent first: reason, code, advice, and how many cards. */
export function causesOf(cards) {
  const found = new Map();
  for (const card of cards) {
    for (const row of new Map(card.rows.map((one) => [causeOf(one), one])).values()) {
      const key = causeOf(row);
      if (!key) continue;
      const cause = found.get(key) ?? { key, reason: row.set_aside_because || row.reason, code: row.set_aside_because ? "" : row.code, advice: row.set_aside_because ? "" : row.advice, cards: 0 };
      found.set(key, { ...cause, cards: cause.cards + 1 });
    }
  }
  return [...found.values()].filter((cause) => cause.cards > 1).sort((one, other) => other.cards - one.cards);
}

const oldestFirst = (one, other) => (one.timestamp === other.timestamp ? 0 : one.timestamp < other.timestamp ? -1 : 1);
