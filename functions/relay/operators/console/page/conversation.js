// A thread's conversation: what the customer, the handlers and the operators said, in order, who has the customer, and
// what an operator can do with that.

import { relayAddress } from "./places.js";
import { bodyWords, el, timeElement } from "./words.js";

/** `shown` is the relay on the page, which its line does not lead to; `deeds` what an operator can do. */
export function conversation({ thread, blocked, conversation: rows, next_page_token: earlier }, shown, deeds) {
  const lines = rows.filter((row) => row.message_id === shown || !(row.kind === "notice" || isSaidAgain(row, rows)));
  const code = thread.code ? `${thread.code}: ` : "";
  return el("details", { id: "relay-thread", class: "as-table", open: true },
    el("summary", {}, `Conversation: ${code}`, el("span", { dir: "auto" }, thread.headline)),
    blocked ? el("p", { class: "advice" }, `Blocked: ${blocked.because}.`) : "",
    threadActions(thread, blocked, deeds),
    earlier ? el("p", { class: "note" }, "What was said before is not shown.") : "",
    el("ol", { class: "conversation" }, lines.map((row) => line(row, shown))),
  );
}

/** What went to the customer stands there once: as the answer, and not as the words that asked for it too. */
const isSaidAgain = (row, rows) => ["handler", "operator"].includes(row.kind) && rows.some((one) => one.kind === "answer" && one.message_id.startsWith(`${row.message_id}-`));

function threadActions(thread, blocked, deeds) {
  const who = thread.customer_phone;
  const button = (name, words, onclick) => el("button", { type: "button", id: `thread-${name}`, "data-act": true, onclick }, words);
  return el("p", { class: "actions", id: "thread-acts" },
    thread.is_answerable ? button("say", "Text …", () => deeds.say(thread.thread_id, who)) : el("span", { class: "note" }, "No text can answer this customer."),
    button("claim", "Give to a handler …", () => deeds.claim(thread.thread_id, who)),
    thread.owner ? button("release", `Take from ${thread.owner} …`, () => deeds.release(thread.thread_id, who, thread.owner)) : "",
    button("block", blocked ? "Unblock …" : "Block …", () => deeds.block(thread.thread_id, who, Boolean(blocked))),
  );
}

function line(row, shown) {
  const who = row.to_whom ? `${row.who} to ${row.to_whom}` : row.who;
  const at = row.message_id === shown ? timeElement(row.timestamp) : el("a", { href: relayAddress(row.message_id) }, timeElement(row.timestamp));
  const isShown = row.message_id === shown && "true";
  return el("li", { "data-side": row.kind, "aria-current": isShown },
    el("p", { class: "attempt-head" }, el("strong", { dir: "auto" }, who), el("span", { class: "note" }, at), el("span", { class: "note", title: row.final_status }, `${row.sign} ${row.outcome}`)),
    bodyWords(row) ? el("p", { class: "said", dir: "auto" }, bodyWords(row)) : el("p", { class: "note" }, row.headline),
  );
}
