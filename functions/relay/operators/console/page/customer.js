// One customer: all texts, the latest conversation, and what can be done with it.

import { conversation } from "./conversation.js";
import { cells } from "./rows.js";
import { el, isNumber, zone } from "./words.js";

const PAGE = 100;

export class CustomerView {
  #api;
  #feed;
  #deeds;
  #open;
  #place = document.getElementById("customer-body");
  #phone = "";
  #asked = 0;
  #token = null;
  #isWhole = false;
  #thread = null;
  #drawn = "";

  /** `open` is called with the message id of a relay to be shown. */
  constructor(api, feed, deeds, open) {
    this.#api = api;
    this.#feed = feed;
    this.#deeds = deeds;
    this.#open = open;
    feed.addEventListener("change", () => this.#phone && this.#isWhole && this.#draw());
    // What is said in the conversation is news to it, too.
    feed.addEventListener("row", ({ detail: { row } }) => this.#thread && row.thread_id === this.#thread.thread.thread_id && this.#loadThread());
  }

  /** Show this customer; "" shows none. */
  open(phone) {
    if (phone === this.#phone) return;
    this.#phone = phone;
    this.#token = this.#thread = null;
    this.#isWhole = false;
    this.#drawn = "";
    this.#place.replaceChildren();
    if (!phone) return;
    this.#place.replaceChildren(el("p", { class: "nothing", id: "customer-title" }, "Loading …"));
    this.refresh();
  }

  async refresh() {
    if (!this.#phone) return;
    const asked = ++this.#asked;
    try {
      await this.#load();
      if (asked === this.#asked) await this.#loadThread();
    } catch (error) {
      if (asked !== this.#asked || this.#isWhole) return;
      const again = el("button", { type: "button", onclick: () => this.refresh() }, "Try again");
      this.#place.replaceChildren(el("div", { class: "nothing" }, el("h2", { id: "customer-title" }, error.message), again));
    }
  }

  async #load() {
    const phone = this.#phone;
    const page = await this.#feed.page({ sender_phone: phone }, this.#token, PAGE);
    if (phone !== this.#phone) return;
    this.#token = page.token;
    this.#isWhole = true;
    this.#draw();
  }

  /** The latest thread is shown; answers, which have another sender, come from each that the customer has with us. */
  async #loadThread() {
    const phone = this.#phone;
    const ids = new Set(this.#rows.map((row) => row.thread_id).filter(Boolean));
    const threads = await Promise.all([...ids].map((id) => this.#api.thread(id)));
    if (phone !== this.#phone || threads.length === 0) return;
    // As rows of any list, without what only a conversation says of them.
    this.#feed.learn(threads.flatMap(({ conversation: said }) => said.map(({ who, to_whom: whom, ...row }) => row)));
    [this.#thread] = threads;
    this.#draw();
  }

  get #rows() {
    const phone = this.#phone;
    return this.#feed.select((row) => row.sender_phone === phone || row.receiver === phone);
  }

  #draw() {
    const rows = this.#rows;
    const signature = JSON.stringify([rows, this.#thread, this.#token]);
    if (signature === this.#drawn) return;
    this.#drawn = signature;
    const phone = this.#phone;
    const focus = this.#place.contains(document.activeElement) ? document.activeElement.id : "";
    this.#place.replaceChildren(
      el("header", { class: "relay-head" },
        el("h2", { id: "customer-title", dir: "auto" }, phone),
        el("p", { class: "actions" }, isNumber(phone) ? el("a", { class: "button main", id: "customer-call", href: `tel:${phone}` }, "Call") : "")),
      this.#thread ? conversation(this.#thread, "", this.#deeds) : "",
      el("h3", { id: "customer-texts" }, "All texts"),
      this.#table(rows),
      this.#token ? el("button", { type: "button", id: "customer-more", onclick: () => this.#load() }, "Show older ones") : "",
    );
    if (focus) (document.getElementById(focus) ?? document.getElementById("customer")).focus({ preventScroll: true });
  }

  #table(rows) {
    if (rows.length === 0) return el("p", { class: "nothing" }, "No text of this number.");
    const lines = rows.map((row) => el("tr", {
      role: "row",
      "data-id": row.message_id,
      "data-outcome": row.final_status,
      onclick: (event) => event.target.closest("a") || this.#open(row.message_id),
    }, cells(row)));
    const head = [`Received (${zone()})`, "From", "Text", "State", "Handler", "Took"].map((name) => el("th", { scope: "col" }, name));
    return el("div", { class: "list" }, el("table", { class: "relays", "aria-labelledby": "customer-texts" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, lines)));
  }
}
