// A thread's conversation: what the customer, the handlers and the operators said, in order, and who has the customer.

import { badge, bodyWords, el, timeElement } from "./words.js";

/** `shown` is the relay on the page, which its line does not lead to. */
export function conversation({ thread, blocked, conversation: rows, next_page_token: earlier }, shown) {
  const lines = rows.filter((row) => row.kind !== "notice" || row.message_id === shown);
  const code = thread.code ? `${thread.code}: ` : "";
  return el("details", { id: "relay-thread", class: "as-table", open: true },
    el("summary", {}, `Conversation: ${code}${thread.headline}`),
    blocked ? el("p", { class: "advice" }, `Blocked: ${blocked.because}.`) : "",
    earlier ? el("p", { class: "note" }, "What was said before is not shown.") : "",
    el("ol", { class: "conversation" }, lines.map((row) => line(row, shown))),
  );
}

function line(row, shown) {
  const who = row.to_whom ? `${row.who} to ${row.to_whom}` : row.who;
  const at = row.message_id === shown ? timeElement(row.timestamp) : el("a", { href: `#/relay/${row.message_id}` }, timeElement(row.timestamp));
  const isShown = row.message_id === shown && "true";
  return el("li", { "data-side": row.kind, "aria-current": isShown },
    el("p", { class: "attempt-head" }, el("strong", {}, who), el("span", { class: "note" }, at), el("span", {}, ...badge(row))),
    row.message_body ? el("p", {}, bodyWords(row)) : el("p", { class: "note" }, row.headline),
  );
}
