// The phones: the customer's, on which one writes, and the handlers', each with a switch for its carrier.

import { announce, byId, element, reconcile, setText } from "./dom.js";
import { makeSwitch, showSwitch } from "./carrier.js";
import { seconds } from "./times.js";

const BUBBLES_SHOWN = 30;

/** Build the phones of a stack. `send(body)` texts as the customer and resolves when Twilio has it. */
export function buildPhones(stack, send) {
  const phones = byId("phones");
  phones.replaceChildren(customerPhone(stack, send), ...stack.tiers.map((tier) => handlerPhone(stack, tier)));
  phones.hidden = false;
}

function frame(kind, title, chip, number, ...rest) {
  const id = `phone-${number.replace(/\D/g, "")}`;
  return element(
    "section",
    { class: `phone ${kind}`, id, "aria-labelledby": `${id}-title` },
    element(
      "header",
      {},
      element("span", { class: "avatar", "aria-hidden": "true" }, title[0].toUpperCase()),
      element("div", { class: "who" }, element("h2", { id: `${id}-title` }, title), element("p", {}, number)),
      element("span", { class: "chip" }, chip),
    ),
    ...rest,
  );
}

function customerPhone(stack, send) {
  const input = element("textarea", { id: "text", rows: 1, maxlength: 1600, required: true, placeholder: "Text message" });
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  const form = element(
    "form",
    { class: "composer" },
    element("label", { for: "text", class: "visually-hidden" }, "Text as the customer"),
    input,
    element("button", { type: "submit", "aria-label": "Send" }, "Send"),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = input.value.trim();
    if (!body) return;
    problem.hidden = true;
    try {
      await send(body);
      input.value = "";
      input.style.height = "";
    } catch (error) {
      problem.textContent = `Not sent: ${error.message}. Your text is still here.`;
      problem.hidden = false;
    }
    input.focus();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  input.addEventListener("input", () => {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 120)}px`;
  });
  const hint = element("p", { class: "hint" }, `Write something. It goes to ${stack.our_numbers[0]}.`);
  const chat = element("div", { class: "chat", role: "log", "aria-label": "Texts the customer sent", tabindex: 0 });
  return frame("customer", "Customer", "You", stack.customer_phone, hint, chat, problem, form);
}

function handlerPhone(stack, tier) {
  const chat = element("div", { class: "chat", role: "log", "aria-label": `Texts on ${tier.name}'s phone`, tabindex: 0 });
  const hint = element("p", { class: "hint" }, "No texts yet.");
  const phone = frame("handler", tier.name, `Tier ${tier.number}`, tier.phone, hint, chat, makeSwitch(stack, tier));
  phone.dataset.tier = tier.number;
  return phone;
}

/** Bring all phones up to date with the fake's state and the relays that are known. */
export function showPhones(stack, state, relays) {
  const byMessage = new Map(relays.map(({ summary }) => [summary.message_id, summary]));
  const activeTier = relays.find(({ summary }) => summary.final_status === "in_progress")?.summary.tier_reached;
  // Relays outlive a stop, phones do not: what became of a text that no phone knows any more is no news for one.
  const known = new Set(state.messages.map((message) => message.sid));
  for (const phone of state.phones) {
    const shown = byId(`phone-${phone.phone.replace(/\D/g, "")}`);
    if (!shown) continue;
    const tier = stack.tiers.find((one) => one.phone === phone.phone);
    const items = tier ? handlerItems(phone, tier, relays, known) : customerItems(phone, byMessage);
    showChat(shown, items.slice(-BUBBLES_SHOWN));
    if (tier) {
      shown.classList.toggle("active", tier.number === activeTier);
      showSwitch(shown, phone);
    }
  }
}

function customerItems(phone, byMessage) {
  return phone.sent.map((text) => {
    const summary = byMessage.get(text.sid);
    return { key: text.sid, kind: "mine", body: text.body, caption: captionOf(summary), outcome: summary?.final_status ?? "in_progress" };
  });
}

/** Where a text is. Before the relay knows of it, only this page can say. */
function captionOf(summary) {
  if (!summary) return "On its way to the relay.";
  const took = summary.seconds_to_delivery;
  return took === null ? summary.headline : `${summary.headline} Took ${seconds(took)}.`;
}

/** What the handset shows, and between it what became of the attempts that it does not show. */
function handlerItems(phone, tier, relays, known) {
  const texts = phone.inbox.map((text) => ({
    key: text.sid,
    at: text.reached_phone_at,
    kind: "theirs",
    body: text.body,
    caption: "",
  }));
  const notes = relays.flatMap(({ relay, story }) =>
    story.drives
      .flatMap((drive) => drive.attempts)
      .filter((attempt) => relay.attempts[attempt.number - 1].phone === tier.phone && attempt.status !== "delivered")
      .filter((attempt) => known.has(relay.message_id) || known.has(attempt.message_sid))
      .map((attempt) => ({
        key: `${relay.message_id}-${attempt.number}`,
        at: Date.parse(attempt.starts_at) / 1000,
        kind: "note",
        body: attempt.code ? `${attempt.words} (${attempt.code})` : attempt.words,
        caption: "",
      })),
  );
  return [...texts, ...notes].sort((one, other) => one.at - other.at);
}

function showChat(phone, items) {
  const chat = phone.querySelector(".chat");
  const before = chat.childElementCount;
  const isAtEnd = chat.scrollTop + chat.clientHeight >= chat.scrollHeight - 2;
  phone.querySelector(".hint").hidden = items.length > 0;
  chat.hidden = items.length === 0;
  reconcile(chat, items, makeBubble, updateBubble);
  // A caption that takes another line must not push itself out of sight.
  if (isAtEnd) chat.scrollTop = chat.scrollHeight;
  if (chat.childElementCount > before) {
    chat.scrollTop = chat.scrollHeight;
    const last = items.at(-1);
    if (last.kind === "theirs" && before > 0) announce(`${phone.querySelector("h2").textContent} received a text.`);
  }
}

function makeBubble(item) {
  if (item.kind === "note") return element("p", { class: "note" });
  return element(
    "div",
    { class: `bubble ${item.kind}` },
    element("p", { class: "body" }, item.body),
    element("p", { class: "caption" }),
  );
}

function updateBubble(bubble, item) {
  if (item.kind === "note") {
    setText(bubble, item.body);
    return;
  }
  const caption = bubble.querySelector(".caption");
  setText(caption, item.caption);
  caption.hidden = !item.caption;
  caption.dataset.outcome = item.outcome || "";
}
