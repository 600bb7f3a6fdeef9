// One phone's conversation: bubbles in the order in which its owner saw them, and a way to react to those that came in.

import { announce, element, reconcile, setText } from "./dom.js";
import { tapBack } from "./api.js";
import { makeFiles, makeWords } from "./contents.js";

const SHOWN_MAX = 200;
// Whose words a reaction has; the fake knows both.
const FORMS = { apple: "iPhone", google: "Android phone" };
let lastForm = "apple";

/** What a phone has sent and shown. Only what its owner can know: nothing of what became of a text that he sent. */
export function conversation(phone, { tapbacks, account }) {
  const isOneNumber = account.numbers.length === 1;
  const item = (text, kind, at, ours) => ({
    key: text.sid, at, kind, body: text.body, files: text.media, caption: isOneNumber ? "" : ours,
    phone: phone.phone, tapbacks,
  });
  return [
    ...phone.inbox.map((text) => item(text, "theirs", text.reached_phone_at, text.from)),
    ...phone.sent.map((text) => item(text, "mine", text.created_at, text.to)),
  ].sort((one, other) => one.at - other.at);
}

export function showChat(phone, items) {
  const chat = phone.querySelector(".chat");
  const before = chat.childElementCount;
  const shown = items.slice(-SHOWN_MAX);
  const isNew = shown.length > 0 && chat.lastElementChild?.dataset.key !== shown.at(-1).key;
  const isAtEnd = chat.scrollTop + chat.clientHeight >= chat.scrollHeight - 2;
  phone.querySelector(".hint").hidden = shown.length > 0;
  chat.hidden = shown.length === 0;
  reconcile(chat, shown, makeItem, updateItem);
  // Nor must a text that comes in take a reaction away that is being chosen.
  if ((isNew || isAtEnd) && !chat.querySelector(".tapbacks")) chat.scrollTop = chat.scrollHeight;
  if (isNew && before > 0 && shown.at(-1).kind === "theirs") {
    announce(`${phone.querySelector("h2").textContent} received a text.`);
  }
}

function makeItem(item) {
  if (item.kind === "note") return element("p", { class: "note" });
  const bubble = element("div", { class: `bubble ${item.kind}` });
  if (item.files.length) bubble.append(makeFiles(item.files));
  if (item.body || !item.files.length) bubble.append(makeWords(item.body));
  if (item.caption) bubble.append(element("p", { class: "caption" }, item.caption));
  if (item.kind === "theirs") bubble.append(makeReact(bubble, item));
  return bubble;
}

function updateItem(place, item) {
  // Bubbles stay as they are: neither words nor owner of a text ever change.
  if (item.kind === "note") setText(place, item.body);
}

function makeReact(bubble, item) {
  const beginning = item.body.length > 30 ? `${item.body.slice(0, 30)}…` : item.body || "a photo";
  const button = element("button", {
    type: "button", class: "react", "aria-expanded": "false", "aria-label": `Tap back on “${beginning}”`, title: "Tap back",
  });
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-expanded") === "true") close(bubble);
    else open(bubble, item);
  });
  return button;
}

function close(bubble) {
  bubble.querySelector(".tapbacks")?.remove();
  bubble.querySelector(".react").setAttribute("aria-expanded", "false");
}

function open(bubble, item) {
  for (const other of document.querySelectorAll(".bubble:has(.tapbacks)")) close(other);
  const button = bubble.querySelector(".react");
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  const react = async (tapback, form) => {
    lastForm = form;
    try {
      await tapBack({ phone: item.phone, sid: item.key, tapback, form, on_photo: !item.body && item.files.length > 0 });
      close(bubble);
      button.focus();
    } catch (error) {
      problem.textContent = `Not sent: ${error.message}.`;
      problem.hidden = false;
    }
  };
  const forms = element("select", {}, ...Object.entries(FORMS).map(([form, words]) => element("option", { value: form }, words)));
  forms.value = lastForm;
  const panel = element(
    "div",
    { class: "tapbacks", role: "group", "aria-label": "Tap back" },
    ...item.tapbacks.map((name) =>
      element("button", { type: "button", onclick: () => react(name, forms.value) }, name[0].toUpperCase() + name.slice(1)),
    ),
    element("label", { class: "form" }, "as on an", forms),
    problem,
  );
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    close(bubble);
    button.focus();
  });
  bubble.append(panel);
  button.setAttribute("aria-expanded", "true");
  panel.querySelector("button").focus();
  panel.scrollIntoView({ block: "nearest" });
}
