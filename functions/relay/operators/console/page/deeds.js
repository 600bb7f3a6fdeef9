// What operators do with texts and customers: each is asked first where it cannot be taken back, and then done once.

import { field } from "./questions.js";
import { clock, el, handledWords, otherEnd } from "./words.js";

const NOTE_MAX = 200;
const WORDS_MAX = 1500;

const many = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
const tellRefused = (refused, count, done) =>
  refused.length ? `${count - refused.length} of ${count} ${done}; ${refused[0].because}.` : `${many(count, "text")} ${done}.`;

export class Deeds {
  #api;
  #feed;
  #questions;
  #today;
  #done;

  /** `today` knows today's handlers; `done` is called with words after something was done. */
  constructor(api, feed, questions, today, done) {
    this.#api = api;
    this.#feed = feed;
    this.#questions = questions;
    this.#today = today;
    this.#done = done;
  }

  /** Send these texts again: all begin with the handler that is chosen. */
  async sendAgain(rows) {
    const { tiers } = await this.#today.get();
    const ids = rows.map((row) => row.message_id);
    const [row] = rows;
    const isAnswer = rows.every((one) => one.kind === "answer");
    this.#questions.open({
      title: rows.length === 1 ? "Send it again?" : `Send ${rows.length} texts again?`,
      words: [
        rows.length > 1 ? whose(rows) : isAnswer ? `The answer of ${clock(row.timestamp)} goes to ${row.receiver} again.` : `The text of ${clock(row.timestamp)} from ${row.sender_phone}.`,
        isAnswer ? "" : `It goes to ${order(tiers)}, one after the other, until one has it. What happened so far stays on record.`,
      ],
      fields: [isAnswer || tiers.length < 2 ? null : field("Begin with", firstOf(tiers))],
      go: "Send again",
      doing: "Sending …",
      perform: async ({ tier = 1 }, requestId) => {
        if (rows.length === 1) await this.#api.redrive(row.message_id, requestId, Number(tier));
        return rows.length === 1 ? [] : this.#api.redriveMany(ids, requestId, Number(tier));
      },
      done: (refused) => this.#tell(ids, tellRefused(refused, rows.length, "on the way again")),
    });
  }

  /** Send on all that are held back of this row's number, those that are not shown here too. */
  async sendHeld(row) {
    const { tiers } = await this.#today.get();
    this.#questions.open({
      title: "Send all of this number on?",
      words: [`Every text from ${row.sender_phone} that is held back is sent on, to ${order(tiers)}.`],
      fields: [tiers.length < 2 ? null : field("Begin with", firstOf(tiers))],
      go: "Send all on",
      doing: "Sending …",
      perform: ({ tier = 1 }, requestId) => this.#api.redriveHeld(row.sender_phone, requestId, Number(tier)),
      done: (count) => this.#tell([row.message_id], `${many(count, "text")} from ${row.sender_phone} on the way.`),
    });
  }

  handled(rows) {
    const ids = rows.map((row) => row.message_id);
    this.#questions.open({
      title: rows.length === 1 ? "Handled?" : `${rows.length} texts handled?`,
      words: [rows.length === 1 ? `${otherEnd(rows[0])}: every operator sees that it is seen to, and by whom.` : whose(rows), "It can be taken back."],
      fields: [field("Note, if others should know more", el("input", { name: "note", maxlength: NOTE_MAX, dir: "auto", placeholder: "called, comes on Monday", autocomplete: "off" }))],
      go: "Handled",
      doing: "Noting …",
      perform: ({ note }) => this.#api.handle(ids, true, note.trim()),
      done: (refused) => this.#tell(ids, tellRefused(refused, rows.length, "handled")),
    });
  }

  /** They need a person again, after all. Nothing is lost by that, so nothing is asked. */
  async waitsAgain(rows) {
    const ids = rows.map((row) => row.message_id);
    try {
      const refused = await this.#api.handle(ids, false);
      this.#tell(ids, tellRefused(refused, rows.length, rows.length === 1 ? "waits again" : "wait again"));
    } catch (error) {
      this.#done(error.message);
    }
  }

  revokeLink(row) {
    this.#questions.open({
      title: "Revoke the link to the photos?",
      words: ["The link that the handlers were given opens nothing any more, for good."],
      go: "Revoke the link",
      doing: "Revoking …",
      perform: () => this.#api.revokeLink(row.message_id),
      done: () => this.#tell([row.message_id], "The link opens nothing any more."),
    });
  }

  /** Text this customer, as the business. */
  say(threadId, who) {
    this.#act(threadId, "say", {
      title: "Text the customer",
      words: [el("p", {}, "To ", el("b", { dir: "auto" }, who), ", from the business's number. It stands in the conversation with your name.")],
      fields: [field("Words", el("textarea", { name: "words", rows: 4, maxlength: WORDS_MAX, required: true, dir: "auto" }))],
      go: "Send",
      doing: "Sending …",
      words_done: "Your text is on its way.",
    });
  }

  async claim(threadId, who) {
    const { handlers } = await this.#today.get();
    const names = handlers.map((name) => el("option", { value: name }, name));
    this.#act(threadId, "claim", {
      title: "Give the customer to a handler",
      words: [`${who} is that handler's then: texts go to them first, and the cascade of what waits ends.`],
      fields: [field("Handler", el("select", { name: "person" }, names))],
      go: "Give",
      doing: "Giving …",
      words_done: "Given.",
    });
  }

  release(threadId, who, owner) {
    this.#act(threadId, "release", {
      title: "Take the customer back?",
      words: [`${who} is not ${owner}'s any more. What waits can be sent again then.`],
      go: "Take back",
      doing: "Taking back …",
      words_done: "Taken back.",
    });
  }

  block(threadId, who, isBlocked) {
    this.#act(threadId, isBlocked ? "unblock" : "block", {
      title: isBlocked ? "Let the customer get texts again?" : "Block the customer?",
      words: [isBlocked ? `${who} gets the business's texts again.` : `${who} gets no text of the business any more. What they text is still taken in.`],
      go: isBlocked ? "Unblock" : "Block",
      doing: "Noting …",
      words_done: isBlocked ? "Not blocked any more." : "Blocked.",
    });
  }

  #act(threadId, act, question) {
    this.#questions.open({
      ...question,
      perform: (values, requestId) => this.#api.act(threadId, act, requestId, values),
      done: (answer) => this.#done([answer.done ? question.words_done : answer.because, answer.advice].filter(Boolean).join(" ")),
    });
  }

  async #tell(ids, words) {
    this.#done(words);
    try {
      await this.#feed.refresh(ids);
    } catch {
      // The next round tells.
    }
  }
}

function firstOf(tiers) {
  return el("select", { name: "tier" }, tiers.map((name, index) => el("option", { value: index + 1 }, name)));
}

const order = (tiers) => (tiers.length ? tiers.join(", then ") : "the handlers");

function whose(rows) {
  const ends = [...new Set(rows.map(otherEnd))];
  return `From ${ends.slice(0, 5).join(", ")}${ends.length > 5 ? ` and ${ends.length - 5} more` : ""}.`;
}

/** Who has seen to a text, with the way back. */
export function handledLine(row, deeds) {
  return el("p", { class: "handled" }, ...handledWords(row.handled), " ",
    el("button", { type: "button", class: "quiet", "data-act": true, "data-key": `back-${row.message_id}`, onclick: () => deeds.waitsAgain([row]) }, "Take back"));
}

const UNKNOWN = Object.freeze({ tiers: [], handlers: [], our_phones: [], replies: false, test_word: "" });

/** Today's tiers and handlers, asked for when they are needed, and kept for a minute. */
export class Today {
  #api;
  #known = UNKNOWN;
  #askedAt = -Infinity;

  constructor(api) {
    this.#api = api;
  }

  get known() {
    return this.#known;
  }

  /** Never fails: without an answer it is what was known before. */
  async get() {
    if (performance.now() - this.#askedAt < 60_000) return this.#known;
    try {
      this.#known = { ...UNKNOWN, ...(await this.#api.today()) };
      this.#askedAt = performance.now();
    } catch {
      // Then the question is asked without names.
    }
    return this.#known;
  }
}
