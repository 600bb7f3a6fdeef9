// The one dialog in which this page asks before it does something that cannot be taken back, or needs words for it.

import { el, show } from "./words.js";

export class Questions {
  #dialog;
  #form = el("form", { method: "dialog" });
  #title = el("h2", { id: "ask-title" });
  #words = el("div", { id: "ask-words" });
  #fields = el("div", { id: "ask-fields", class: "fields" });
  #problem = el("p", { id: "ask-problem", class: "problem", role: "alert" });
  #go = el("button", { type: "submit", id: "ask-go", class: "main" });
  #asked = null;
  #requestId = "";

  constructor() {
    const cancel = el("button", { type: "button", id: "ask-cancel", class: "quiet", onclick: () => this.#dialog.close() }, "Cancel");
    this.#form.append(this.#title, this.#words, this.#fields, this.#problem, el("div", { class: "actions" }, cancel, this.#go));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#perform();
    });
    this.#dialog = el("dialog", { id: "ask-dialog", "aria-labelledby": "ask-title" }, this.#form);
    document.body.append(this.#dialog);
  }

  /**
   * Ask. `words` are paragraphs, `fields` elements with names; `go` is what the button does, `doing` while it does.
   * `perform` gets the fields' values and the request's id: one question is one request, however often its button is
   * pressed or an answer is lost. What it returns goes to `done`.
   */
  open({ title, words = [], fields = [], go, doing, perform, done }) {
    this.#asked = { go, doing, perform, done };
    this.#requestId = newRequestId();
    show(this.#title, title);
    show(this.#problem, "");
    this.#words.replaceChildren(...words.filter(Boolean).map((one) => (one instanceof Node ? one : el("p", {}, one))));
    this.#fields.replaceChildren(...fields.filter(Boolean));
    this.#setBusy(false);
    this.#dialog.showModal();
    (this.#fields.querySelector("textarea, input, select") ?? this.#go).focus();
  }

  async #perform() {
    if (this.#go.disabled) return;
    const asked = this.#asked;
    const values = Object.fromEntries(new FormData(this.#form));
    this.#setBusy(true);
    show(this.#problem, "");
    try {
      const result = await asked.perform(values, this.#requestId);
      this.#dialog.close();
      asked.done?.(result);
    } catch (error) {
      const again = ["unreachable", "busy"].includes(error.kind) ? " Pressing again is safe: it is the same request." : "";
      show(this.#problem, error.message + again);
    }
    this.#setBusy(false);
  }

  #setBusy(isBusy) {
    this.#go.disabled = isBusy;
    for (const field of this.#fields.querySelectorAll("select, textarea, input")) field.disabled = isBusy;
    show(this.#go, isBusy ? this.#asked.doing : this.#asked.go);
  }
}

/** A field with its name above it. */
export const field = (words, control) => el("label", {}, words, control);

function newRequestId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
