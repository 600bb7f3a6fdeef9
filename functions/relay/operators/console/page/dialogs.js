// The two questions this page asks: which token, and whether to redrive.

import { clock, el, show } from "./words.js";

const get = (id) => document.getElementById(id);

export class TokenDialog {
  #session;
  #used;
  #dialog = get("token-dialog");
  #field = get("token-field");

  /** `used` is called after another token was given, or the old one forgotten. */
  constructor(session, used) {
    this.#session = session;
    this.#used = used;
    get("token-button").addEventListener("click", () => this.open());
    get("token-cancel").addEventListener("click", () => this.#dialog.close());
    get("token-forget").addEventListener("click", () => {
      session.forget();
      this.#drawHolder();
      used();
    });
    this.#dialog.addEventListener("submit", (event) => this.#save(event));
    get("token-local").hidden = !session.isAutomatic;
    get("token-help").hidden = session.isAutomatic;
    this.#drawHolder();
  }

  get isOpen() {
    return this.#dialog.open;
  }

  open(problem = "") {
    if (this.isOpen) return;
    this.#field.value = "";
    show(get("token-problem"), problem);
    this.#drawHolder();
    this.#dialog.showModal();
    this.#field.focus();
  }

  #save(event) {
    if (!this.#session.use(this.#field.value)) {
      event.preventDefault();
      show(get("token-problem"), "That is not an identity token: it has three parts with dots between them.");
      this.#field.focus();
      return;
    }
    this.#drawHolder();
    this.#used();
  }

  #drawHolder() {
    const holder = this.#session.holder();
    const until = holder?.expiresAt ? ` until ${clock(holder.expiresAt)}` : "";
    show(get("token-holder"), holder ? `In use now: ${holder.email || "a token without a name"}${until}.` : "");
  }
}

export class RedriveDialog {
  #api;
  #done;
  #dialog = get("redrive-dialog");
  #go = get("redrive-go");
  #row = null;
  #isOfNumber = false;
  #requestId = "";

  /** `done` is called with the row that was redriven, and with how many of its number when it was asked for all of them. */
  constructor(api, done) {
    this.#api = api;
    this.#done = done;
    get("redrive-cancel").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
  }

  /** Ask about this row, or about all that are held back of its number. One question is one request, however often its button is pressed or an answer is lost. */
  open(row, isOfNumber = false) {
    this.#row = row;
    this.#isOfNumber = isOfNumber;
    this.#requestId = newRequestId();
    show(get("redrive-problem"), "");
    const answer = `The answer of ${clock(row.timestamp)} is sent to ${row.receiver} again.`;
    const one = row.receiver ? answer : `The text of ${clock(row.timestamp)} from ${row.sender_phone} is sent again, tier by tier.`;
    const all = `Every text from ${row.sender_phone} that is held back is sent on, tier by tier.`;
    show(get("redrive-words"), isOfNumber ? all : one);
    const tiers = Array.from({ length: row.tiers }, (_, index) => el("option", { value: index + 1 }, `tier ${index + 1}`));
    get("redrive-tier").replaceChildren(...tiers);
    this.#setBusy(false);
    this.#dialog.showModal();
    this.#go.focus();
  }

  async #start() {
    if (this.#go.disabled) return;
    const row = this.#row;
    this.#setBusy(true);
    show(get("redrive-problem"), "");
    try {
      const tier = Number(get("redrive-tier").value);
      let count = 1;
      if (this.#isOfNumber) count = await this.#api.redriveHeld(row.sender_phone, this.#requestId, tier);
      else await this.#api.redrive(row.message_id, this.#requestId, tier);
      this.#dialog.close();
      this.#done(row, count);
    } catch (error) {
      const again = error.kind === "unreachable" || error.kind === "busy" ? " Pressing again is safe: it is the same request." : "";
      show(get("redrive-problem"), error.message + again);
    }
    this.#setBusy(false);
  }

  #setBusy(isBusy) {
    this.#go.disabled = isBusy;
    get("redrive-tier").disabled = isBusy;
    show(this.#go, isBusy ? "Redriving …" : "Redrive");
  }
}

function newRequestId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
