// The phones: a customer's and the handlers', on each of which one reads and writes; a handler's has a switch for its
// carrier as well.

import { byId, element, phoneId } from "./dom.js";
import { makeSwitch, showSwitch } from "./carrier.js";
import { makeComposer, showComposer } from "./composer.js";
import { conversation, showChat } from "./conversation.js";
import { beginCustomers, showCustomers } from "./customers.js";

/** Build the phones of a stack. */
export function buildPhones(stack) {
  const phones = byId("phones");
  phones.replaceChildren(...stack.tiers.map((tier) => handlerPhone(stack, tier)));
  phones.hidden = false;
  beginCustomers(stack, (number, name, isAsked) => showCustomerPhone(stack, number, name, isAsked));
}

/** Show one customer's phone and hide the others', which keep what was begun on them. */
function showCustomerPhone(stack, number, name, isAsked) {
  const phones = byId("phones");
  let chosen = byId(phoneId(number));
  if (!chosen) phones.prepend((chosen = customerPhone(stack, number, name || "Customer")));
  for (const phone of phones.querySelectorAll(".customer")) phone.hidden = phone !== chosen;
  if (isAsked) chosen.querySelector("textarea").focus();
}

function frame(kind, title, chip, number, ...rest) {
  const id = phoneId(number);
  return element(
    "section",
    { class: `phone ${kind}`, id, "aria-labelledby": `${id}-title` },
    element(
      "header",
      {},
      element("span", { class: "avatar", "aria-hidden": "true" }, title[0].toUpperCase()),
      element("div", { class: "who" }, element("h2", { id: `${id}-title` }, title), element("p", {}, number)),
      chip && element("span", { class: "chip" }, chip),
    ),
    ...rest,
  );
}

function makeChat(owner) {
  return element("div", { class: "chat", role: "log", "aria-label": `Texts on ${owner}'s phone`, tabindex: 0 });
}

function customerPhone(stack, number, name) {
  const hint = element("p", { class: "hint" }, `Write something. It goes to ${stack.our_numbers[0]}.`);
  return frame("customer", name, "", number, hint, makeChat(name), ...makeComposer(stack, name, number));
}

function handlerPhone(stack, tier) {
  const hint = element("p", { class: "hint" }, "No texts yet.");
  const parts = [hint, makeChat(tier.name), ...makeComposer(stack, tier.name, tier.phone), makeSwitch(stack, tier)];
  return frame("handler", tier.name, `Tier ${tier.number}`, tier.phone, ...parts);
}

/** Bring all phones up to date with the fake's state and the relays that are known. */
export function showPhones(stack, state, relays) {
  const customer = showCustomers(stack, state);
  if (customer) showPhone(customer, state, []);
  // Relays outlive a stop, phones do not: what became of a text that no phone knows any more is no news for one.
  const known = new Set(state.messages.map((message) => message.sid));
  const underWay = relays.filter(({ summary }) => summary.final_status === "in_progress");
  const active = new Set(underWay.map(({ relay }) => relay.attempts.at(-1)?.phone));
  for (const tier of stack.tiers) {
    const phone = state.phones.find((one) => one.phone === tier.phone);
    if (!phone) continue;
    const shown = showPhone(phone, state, notes(tier, relays, known));
    shown.classList.toggle("active", active.has(tier.phone));
    showSwitch(shown, phone);
  }
}

function showPhone(phone, state, others) {
  const shown = byId(phoneId(phone.phone));
  showChat(shown, [...conversation(phone, state), ...others].sort((one, other) => one.at - other.at));
  showComposer(shown, phone, state.driving);
  return shown;
}

/** What became of the attempts to reach a handler that his phone does not show. */
function notes(tier, relays, known) {
  return relays.flatMap(({ relay, story }) =>
    story.drives
      .flatMap((drive) => drive.attempts)
      .filter((attempt) => relay.attempts[attempt.number - 1].phone === tier.phone && attempt.status !== "delivered")
      .filter((attempt) => known.has(relay.message_id) || known.has(attempt.message_sid))
      .map((attempt) => ({
        key: `${relay.message_id}-${attempt.number}`,
        at: Date.parse(attempt.starts_at) / 1000,
        kind: "note",
        body: attempt.code ? `${attempt.words} (${attempt.code})` : attempt.words,
      })),
  );
}
