// The links by which walls are signed in: made, listed and taken back by who may act.

import { post } from "./asking.js";
import { copy } from "./sign_in.js";
import { clock, el, show } from "./words.js";

const get = (id) => document.getElementById(id);

export class WallLinks {
  #dialog = get("walls-dialog");
  #make = get("walls-make");
  #asked = 0;

  constructor() {
    get("walls-close").addEventListener("click", () => this.#dialog.close());
    get("walls-copy").addEventListener("click", () => copy(get("walls-link"), get("walls-copy")));
    // What was shown once is not left behind on the page.
    this.#dialog.addEventListener("close", () => this.#showLink(""));
    this.#make.addEventListener("click", () => this.#try(() => this.#new()));
  }

  open() {
    get("walls-list").replaceChildren();
    this.#dialog.showModal();
    this.#make.focus();
    this.#try(() => this.#list());
  }

  async #new() {
    this.#make.disabled = true;
    try {
      this.#showLink((await post("links", { kind: "wall" })).link);
    } finally {
      this.#make.disabled = false;
    }
    get("walls-link").select();
    await this.#list();
  }

  async #list() {
    const asked = ++this.#asked;
    const { links } = await post("links/list", {});
    // An answer to an earlier question may come last.
    if (asked !== this.#asked) return;
    const walls = links.filter((link) => link.kind === "wall");
    const none = el("li", { class: "note" }, "No wall has a link.");
    get("walls-list").replaceChildren(...(walls.length ? walls.map((link) => this.#row(link)) : [none]));
  }

  #row(link) {
    const made = `Made ${clock(link.made_at)}${link.made_by ? ` by ${link.made_by}` : ""}`;
    const take = el("button", { type: "button", "aria-label": `Take back the link: ${made}`, onclick: () => this.#try(() => this.#revoke(link.key)) }, "Take back");
    return el("li", {}, el("span", {}, made), el("span", { class: "note" }, `until ${clock(link.expires_at)}`), take);
  }

  async #revoke(key) {
    await post("links/revoke", { key });
    this.#showLink("");
    await this.#list();
    this.#make.focus();
  }

  #showLink(link) {
    get("walls-made").hidden = !link;
    get("walls-link").value = link;
    show(get("walls-copy"), "Copy");
  }

  async #try(act) {
    show(get("walls-problem"), "");
    try {
      await act();
    } catch (error) {
      show(get("walls-problem"), error.message);
    }
  }
}
