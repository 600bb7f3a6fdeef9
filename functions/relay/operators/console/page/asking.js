// How this page asks the relay, and what may go wrong with that.

const TIMEOUT_MS = 20_000;

/** `kind`: unreachable, signed-out, busy, missing, refused. `words` are for people; `retryAfter` is in seconds where that was said; `details` is the answer's JSON. */
export class ApiError extends Error {
  constructor(kind, words, { status = 0, retryAfter = null, details = {} } = {}) {
    super(words);
    this.kind = kind;
    this.status = status;
    this.retryAfter = retryAfter;
    this.details = details;
  }
}

/** Returns the answer's JSON. Raises ApiError. */
export async function post(url, body, { headers = {}, credentials = "same-origin" } = {}) {
  const response = await answered(url, body, headers, credentials);
  if (!response.ok) throw await problem(response);
  try {
    return await response.json();
  } catch {
    // The answer was cut short, or a proxy in between answered with a page of its own.
    throw new ApiError("unreachable", "The relay's answer cannot be read.");
  }
}

async function answered(url, body, headers, credentials) {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
      cache: "no-store",
      credentials,
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new ApiError("unreachable", "The relay does not answer.");
  }
}

async function problem(response) {
  const { status } = response;
  const details = await detailsOf(response);
  const words = typeof details.error === "string" ? details.error : "";
  const retryAfter = Number(response.headers.get("Retry-After") ?? details.retry_after) || null;
  const told = { status, retryAfter, details };
  if (status === 401) return new ApiError("signed-out", "You are not signed in.", told);
  if (status === 429 || status >= 500) return new ApiError("busy", (status === 429 && words) || `The relay cannot answer just now (${status}).`, told);
  if (status === 404) return new ApiError("missing", words || "No such relay.", told);
  return new ApiError("refused", words || `The relay refused (${status}).`, told);
}

async function detailsOf(response) {
  try {
    return (await response.json()) ?? {};
  } catch {
    return {};
  }
}
