// Who is signed in here: an operator, a wall, or an identity token that was pasted. The session itself is a cookie that
// no script can read; a token is in memory and in this tab's session storage, nowhere else.

import { ApiError, post } from "./asking.js";

const KEY = "relay-token";
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Sends `change` whenever `state` or `who` has changed. */
export class Session extends EventTarget {
  /** unknown (not asked yet), in, out */
  state = "unknown";
  /** name, role and kind (person, wall, machine, token) of who is signed in, or null. */
  who = null;
  /** By what ways codes go: text, email. Empty: only links sign in. */
  ways = [];
  /** Why an operator has to sign in again; empty at first. */
  problem = "";
  #isElsewhere;
  #token = stored();
  #looking = null;

  /** `apiUrl`: where the routes are, if not at this page's address. No cookie of this page gets there. */
  constructor(apiUrl) {
    super();
    this.#isElsewhere = apiUrl !== "" && new URL(apiUrl, location.href).origin !== location.origin;
  }

  get isIn() {
    return this.state === "in";
  }

  get mayAct() {
    return this.who?.role === "act";
  }

  /** Whether the routes are at another address, which takes identity tokens alone. */
  get takesTokensOnly() {
    return this.#isElsewhere;
  }

  /** By what a call of the routes tells whose it is. */
  get access() {
    if (this.who?.kind !== "token") return { credentials: "same-origin" };
    return { credentials: "omit", headers: { Authorization: `Bearer ${this.#token}` } };
  }

  /** Make sure that an operator is signed in. Raises ApiError, of kind signed-out when none is. Calls side by side share one look. */
  async enter() {
    if (this.isIn) return;
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    await this.#looking;
    if (!this.isIn) throw new ApiError("signed-out", this.problem || "You are not signed in.");
  }

  async #look() {
    if (!this.#isElsewhere) {
      try {
        this.#become((await post("session", {})).operator);
        return;
      } catch (error) {
        if (error.kind !== "signed-out") throw error;
        // An operator has signed in while this was asked.
        if (this.isIn) return;
        const ways = error.details.ways ?? [];
        if (String(ways) !== String(this.ways)) this.state = "unknown";
        this.ways = ways;
      }
    }
    this.#become(this.#token ? holderOf(this.#token) : null);
  }

  /** Have a code sent. Returns for how many seconds it is good. */
  async requestCode(to) {
    return (await post("sign-in", { to })).expires_in;
  }

  async giveCode(code) {
    this.#become((await post("sign-in/code", { code })).operator);
  }

  /** Returns the name of the operator whom a link would sign in; it is not spent by that. */
  async nameOf(link) {
    return (await post("sign-in/link", { token: link, peek: true })).operator.name;
  }

  async useLink(token) {
    this.#become((await post("sign-in/link", { token })).operator);
  }

  /** Take this text as the identity token; false when it does not look like one. */
  useToken(text) {
    const token = text.trim().replace(/^bearer\s+/i, "");
    if (!SHAPE.test(token)) return false;
    this.#keep(token);
    this.#become(holderOf(token));
    return true;
  }

  /** End the session, or `everywhere` all of this operator's. Raises ApiError: then it goes on. */
  async signOut(everywhere) {
    if (this.who?.kind === "token") this.#keep(null);
    else await post("sign-out", everywhere ? { everywhere: true } : {});
    this.#become(null);
  }

  /** The relay has refused a call: who was signed in is not any more, as far as is known. */
  lost() {
    if (!this.isIn) return;
    const wasToken = this.who.kind === "token";
    if (wasToken) this.#keep(null);
    this.problem = wasToken ? "The identity token is not accepted: expired, or made out for something else." : "You were signed out.";
    this.#become(null, "unknown");
  }

  #become(who, state = who ? "in" : "out") {
    const isNews = state !== this.state || who?.name !== this.who?.name || who?.kind !== this.who?.kind;
    this.who = who;
    this.state = state;
    if (who) this.problem = "";
    if (isNews) this.dispatchEvent(new Event("change"));
  }

  #keep(token) {
    this.#token = token;
    try {
      if (token) sessionStorage.setItem(KEY, token);
      else sessionStorage.removeItem(KEY);
    } catch {
      // No storage: the token then lives as long as the page.
    }
  }
}

/** Whose token it says it is. For showing only: nothing here checks it. Tokens are for those who may act. */
function holderOf(token) {
  let email = "";
  try {
    email = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).email ?? "";
  } catch {
    // It is shown without a name; whether it is accepted, the relay says.
  }
  return { name: email || "a token without a name", role: "act", kind: "token" };
}

function stored() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
