// The operator's identity token: in memory and in this tab's session storage, nowhere else.

const KEY = "relay-token";
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export class Session {
  #token = null;
  #tokenUrl;
  #pending = null;

  /** `tokenUrl`: where a local stack hands out tokens itself; empty in a deployment. */
  constructor(tokenUrl) {
    this.#tokenUrl = tokenUrl;
    this.#token = stored();
  }

  get isAutomatic() {
    return this.#tokenUrl !== "";
  }

  /** Returns the token, fetched first where that is possible; null when the operator has to paste one. */
  async token() {
    if (!this.#token) await this.renew(null);
    return this.#token;
  }

  /** Fetch another token than `refused`. Returns false when that is not possible. Calls side by side share one fetch. */
  async renew(refused) {
    if (this.#token !== refused) return true;
    if (!this.#tokenUrl) return false;
    this.#pending ??= this.#fetched().finally(() => (this.#pending = null));
    return this.#pending;
  }

  async #fetched() {
    try {
      const response = await fetch(this.#tokenUrl, { cache: "no-store" });
      return response.ok && this.use(await response.text());
    } catch {
      return false;
    }
  }

  /** Take this text as the token; false when it does not look like one. */
  use(text) {
    const token = text.trim().replace(/^bearer\s+/i, "");
    if (!SHAPE.test(token)) return false;
    this.#token = token;
    try {
      sessionStorage.setItem(KEY, token);
    } catch {
      // No storage: the token then lives as long as the page.
    }
    return true;
  }

  forget() {
    this.#token = null;
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // Nothing was kept.
    }
  }

  /** Whose token it says it is and until when. For showing only: nothing here checks it. */
  holder() {
    if (!this.#token) return null;
    try {
      const claims = JSON.parse(atob(this.#token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
      return { email: claims.email ?? "", expiresAt: claims.exp ? new Date(claims.exp * 1000).toISOString() : null };
    } catch {
      return null;
    }
  }
}

function stored() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
