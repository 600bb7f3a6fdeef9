// The two calls this page makes, /sms/relay-state and /sms/redrive, and what may go wrong with them.

const TIMEOUT_MS = 20_000;

/** `kind`: unreachable, token, busy, missing, refused. `words` are for people; `retryAfter` is in seconds where the API said so. */
export class ApiError extends Error {
  constructor(kind, words, retryAfter = null) {
    super(words);
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

export class Api {
  constructor(base, session) {
    this.base = base.replace(/\/$/, "");
    this.session = session;
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

  #learnTime(iso) {
    if (iso) this.skewMs = Date.parse(iso) - Date.now();
  }

  async #post(path, body, renewed = false) {
    const token = await this.session.token();
    if (!token) throw new ApiError("token", "An identity token is needed.");
    const response = await this.#fetch(path, token, body);
    if (response.ok) return answerOf(response);
    if ((response.status === 401 || response.status === 403) && !renewed && (await this.session.renew(token))) {
      return this.#post(path, body, true);
    }
    throw await problem(response);
  }

  async #fetch(path, token, body) {
    try {
      return await fetch(this.base + path, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
        cache: "no-store",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new ApiError("unreachable", "The relay does not answer.");
    }
  }
}

async function answerOf(response) {
  try {
    return await response.json();
  } catch {
    // The answer was cut short, or a proxy in between answered with a page of its own.
    throw new ApiError("unreachable", "The relay's answer cannot be read.");
  }
}

async function problem(response) {
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  const words = await said(response);
  if (response.status === 401 || response.status === 403) {
    return new ApiError("token", "The identity token is not accepted: expired, or made out for something else.");
  }
  if (response.status === 429 || response.status >= 500) {
    return new ApiError("busy", `The relay cannot answer just now (${response.status}).`, retryAfter);
  }
  if (response.status === 404) return new ApiError("missing", words || "No such relay.");
  return new ApiError("refused", words || `The relay refused (${response.status}).`);
}

async function said(response) {
  try {
    return (await response.json()).error ?? "";
  } catch {
    return "";
  }
}
