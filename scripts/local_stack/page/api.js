// Everything that is asked of the stack: the fake Twilio's control API, the token issuer, and relay-state.

const LONG_POLL_SECONDS = 20;
const TOKEN_LIFETIME_MS = 50 * 60 * 1000;
const RELAYS_SHOWN = 20;

class Refused extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { cache: "no-store", ...options });
  const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
  const body = isJson ? await answer.json() : await answer.text();
  if (!answer.ok) throw new Refused(answer.status, (isJson && body.error) || `HTTP ${answer.status}`);
  return body;
}

function post(path, body, headers = {}) {
  const options = { method: "POST", headers: { "Content-Type": "application/json", ...headers } };
  return ask(path, { ...options, body: JSON.stringify(body) });
}

export const describeStack = () => ask("/local/stack");

/** Try the set-up, which asks Twilio and the way from outside, and takes its time. */
export const trySetUp = () => post("/local/set-up", {});

/** The fake's state: at once, or, after a version that was seen, as soon as there is a newer one. */
export function phonesState(seen, signal) {
  const query = seen === null ? "" : `?since=${seen}&wait_seconds=${LONG_POLL_SECONDS}`;
  return ask(`/fake/state${query}`, { signal });
}

/** Text, with files: those of the fake's own are named, others are handed over first. */
export async function sendText(from, to, body, attached = []) {
  const files = [];
  for (const { file, content_type, content } of attached) {
    files.push(file || (await post("/fake/files", { content_type, content })).file);
  }
  return post("/fake/customer-texts", { from, to, body, files });
}
export const tapBack = (reaction) => post("/fake/tapbacks", reaction);
export const setAutoReply = (setting) => post("/fake/auto-reply", setting);
export const namePhone = (phone, name) => post("/fake/phones", { phone, name });
export const setCarrier = (setting) => post("/fake/carrier", setting);

let token = "";
let tokenEnds = 0;

async function freshToken(stack) {
  if (Date.now() > tokenEnds) {
    token = (await ask(`/local/token?${new URLSearchParams(stack.relay_state)}`)).trim();
    tokenEnds = Date.now() + TOKEN_LIFETIME_MS;
  }
  return token;
}

/** The latest relays, newest first, each with its record, its row and its story, and the time at the relay. */
export async function latestRelays(stack) {
  const headers = { Authorization: `Bearer ${await freshToken(stack)}` };
  try {
    return await post("/sms/relay-state", { view: "whole", limit: RELAYS_SHOWN }, headers);
  } catch (error) {
    // Another stack has taken this one's place, with another key.
    if (error instanceof Refused && [401, 403].includes(error.status)) tokenEnds = 0;
    throw error;
  }
}
