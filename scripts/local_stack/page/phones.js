// The phones: a customer's and the handlers', on each of which one reads and writes; a handler's has a switch for its
// carrier as well. On an operator's one only reads: codes that sign in, and alarms.

import { byId, element, phoneId } from "./dom.js";
import { makeSwitch, showSwitch } from "./carrier.js";
import { makeComposer, showComposer } from "./composer.js";
import { conversation, showChat } from "./conversation.js";
import { beginCustomers, showCustomers } from "./customers.js";

/** Build the phones of a stack. */
export function buildPhones(stack) {
  const phones = byId("phones");
  const operators = stack.operators.map((operator) => operatorPhone(operator));
  phones.replaceChildren(...stack.tiers.map((tier) => handlerPhone(stack, tier)), ...operators);
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

/** The first character as people count them: an emoji is several code units, and a flag several emoji. */
function firstCharacter(name) {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return first ? first.segment.toUpperCase() : "";
}

function frame(kind, title, chip, number, ...rest) {
  const id = phoneId(number);
  return element(
    "section",
    { class: `phone ${kind}`, id, "aria-labelledby": `${id}-title` },
    element(
      "header",
      {},
      element("span", { class: "avatar", "aria-hidden": "true" }, firstCharacter(title)),
      element(
        "div",
        { class: "who" },
        element("h2", { id: `${id}-title`, dir: "auto" }, title),
        element("p", {}, kind === "operator" ? `operator, ${number}` : number),
      ),
      chip && element("span", { class: "chip" }, chip),
    ),
    ...rest,
  );
}

function makeChat(owner) {
  return element("div", { class: "chat", role: "log", "aria-label": `Texts on ${owner}'s phone`, tabindex: 0 });
}

function customerPhone(stack, number, name) {
  const hint = element("p", { class: "hint" }, `Text ${stack.our_numbers[0]} to see it here.`);
  return frame("customer", name, "", number, hint, makeChat(name), ...makeComposer(stack, name, number));
}

function handlerPhone(stack, tier) {
  const more = stack.replies ? " To text as a customer from here, begin with “test”." : "";
  const hint = element("p", { class: "hint" }, `No texts yet.${more}`);
  const parts = [hint, makeChat(tier.name), ...makeComposer(stack, tier.name, tier.phone), makeSwitch(stack, tier)];
  return frame("handler", tier.name, `Tier ${tier.number}`, tier.phone, ...parts);
}

function operatorPhone({ name, phone }) {
  const hint = element("p", { class: "hint" }, "Codes to sign in at the console, and alarms, come here.");
  return frame("operator", name, "", phone, hint, makeChat(name));
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
  for (const operator of stack.operators) {
    const phone = state.phones.find((one) => one.phone === operator.phone);
    if (phone) showChat(byId(phoneId(phone.phone)), conversation(phone, state));
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
