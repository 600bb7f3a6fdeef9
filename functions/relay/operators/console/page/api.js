// The calls this page makes of /sms/relay-state and /sms/redrive, as who is signed in.

import { post } from "./asking.js";

// So many relays are named in one call at most.
const MANY = 50;

export class Api {
  #session;

  constructor(base, session) {
    this.base = base.replace(/\/$/, "");
    this.#session = session;
    this.skewMs = 0;
  }

  /** The relay's own time, in milliseconds since 1970: this machine's clock may be wrong. */
  now() {
    return Date.now() + this.skewMs;
  }

  async search(filter) {
    const answer = await this.#post("/sms/relay-state", { view: "summary", ...filter });
    this.#learnTime(answer.now);
    return answer;
  }

  async one(messageId) {
    const answer = await this.#post("/sms/relay-state", { message_id: messageId });
    this.#learnTime(answer.now);
    return answer;
  }

  /** A thread with the latest of its conversation. */
  thread(threadId) {
    return this.#post("/sms/relay-state", { thread_id: threadId });
  }

  redrive(messageId, requestId, tier) {
    return this.#post("/sms/redrive", { message_id: messageId, request_id: requestId, tier });
  }

  /** Start all that are held back of a number. Returns how many that were. */
  async redriveHeld(senderPhone, requestId, tier) {
    let count = 0;
    for (;;) {
      const answer = await this.#post("/sms/redrive", { sender_phone: senderPhone, request_id: requestId, tier });
      count += answer.redriven.length;
      if (!answer.more || answer.redriven.length === 0) return count;
    }
  }

  /** Today's tiers and handlers by name, and our numbers. */
  today() {
    return this.#post("/sms/relay-state", { today: true });
  }

  /** The same as `redrive` of many. Returns those that were refused: their message_id, and because of what. */
  redriveMany(messageIds, requestId, tier) {
    return this.#each(messageIds, { request_id: requestId, tier });
  }

  /** Say for all operators that a person has seen to these, or that they wait again. Returns those that were refused. */
  handle(messageIds, handled, note = "") {
    return this.#each(messageIds, { handled, ...(note ? { note } : {}) });
  }

  async #each(messageIds, body) {
    const refused = [];
    for (let first = 0; first < messageIds.length; first += MANY) {
      let ids = messageIds.slice(first, first + MANY);
      for (let more = true; more; ) {
        const answer = await this.#post("/sms/redrive", { message_ids: ids, ...body });
        const left = answer.results.filter((result) => !result.done);
        // What time ran out for is asked for once more, as long as that leads on.
        more = answer.more && left.length < ids.length;
        if (!more) refused.push(...left);
        ids = left.map((result) => result.message_id);
      }
    }
    return refused;
  }

  /** Have the link to a relay's files open them no more. */
  revokeLink(messageId) {
    return this.#post("/sms/redrive", { message_id: messageId, revoke_link: true });
  }

  /** claim (for `person`), release, say (`words`), block or unblock. */
  act(threadId, act, requestId, fields = {}) {
    return this.#post("/sms/threads", { thread_id: threadId, act, request_id: requestId, ...fields });
  }

  #learnTime(iso) {
    if (iso) this.skewMs = Date.parse(iso) - Date.now();
  }

  async #post(path, body) {
    await this.#session.enter();
    const isToken = this.#session.who.kind === "token";
    try {
      return await post(this.base + path, body, this.#session.access);
    } catch (error) {
      // A token that is not accepted is told by 403, as an act that a role does not allow is of a session.
      if (error.status !== 401 && !(error.status === 403 && isToken)) throw error;
      this.#session.lost();
      await this.#session.enter();
      throw error;
    }
  }
}
