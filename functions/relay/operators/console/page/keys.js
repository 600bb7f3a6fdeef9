// Keys for those who have many texts before them: / j k ? and Escape. Not while something is typed.

import { el } from "./words.js";

const KEYS = [
  ["/", "to the search"],
  ["j", "the next text"],
  ["k", "the text before"],
  ["Esc", "back to the list"],
  ["?", "these keys"],
];

/** `does`: a key → what it does, with the event; Escape among them. */
export function listenToKeys(does) {
  const dialog = el("dialog", { id: "keys-dialog", "aria-labelledby": "keys-title" },
    el("form", { method: "dialog" },
      el("h2", { id: "keys-title" }, "Keys"),
      el("dl", { class: "keys" }, KEYS.flatMap(([key, words]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)])),
      el("div", { class: "actions" }, el("button", { type: "submit", class: "main" }, "Close"))));
  document.body.append(dialog);
  const all = { ...does, "?": () => dialog.showModal() };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, dialog") || document.querySelector("dialog[open]")) return;
    const act = all[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}
