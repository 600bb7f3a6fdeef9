// Which customer's phone is shown: one at a time, of as many as there are; and which others have got a text meanwhile.

import { byId, element, setText } from "./dom.js";
import { namePhone } from "./api.js";

// 202-555-01XX is set aside for made-up people.
const MADE_UP = /^\+120255501\d\d$/;
const FIRST_MADE_UP = 12025550143;
const LAST_MADE_UP = 12025550199;
const PHONE = /^\+\d+$/;

const seen = { chosen: "", counts: new Map(), known: [], show: null };

/** Begin with the customer of a stack; `show(number, isAsked)` shows a phone, to write on at once if that was asked for. */
export function beginCustomers(stack, show) {
  seen.show = show;
  seen.chosen = stack.customer_phone;
  seen.counts.clear();
  seen.known = [];
  byId("customer").replaceChildren();
  byId("customers").hidden = true;
  show(seen.chosen, "", false);
}

function choose(number, isAsked) {
  seen.chosen = number;
  byId("customer").value = number;
  seen.show(number, nameOf(number), isAsked);
  showElsewhere();
}

const nameOf = (number) => seen.known.find((phone) => phone.phone === number)?.name || "";
const called = (phone) => phone.name || phone.phone;

/** Offer every phone that is neither a handler's, an operator's nor ours. Returns the one that is shown, if the fake knows it. */
export function showCustomers(stack, state) {
  const others = new Set([...[...stack.tiers, ...stack.operators].map(({ phone }) => phone), ...stack.our_numbers]);
  const isFirst = seen.known.length === 0;
  seen.known = state.phones.filter(({ phone }) => PHONE.test(phone) && !others.has(phone));
  // Not before the numbers that are taken are known: a new customer gets one of the others.
  byId("customers").hidden = false;
  const select = byId("customer");
  for (const phone of seen.known) {
    // What had come before this page was opened is no news.
    if (!seen.counts.has(phone.phone)) seen.counts.set(phone.phone, isFirst ? phone.inbox.length : 0);
    if (phone.phone === seen.chosen) seen.counts.set(phone.phone, phone.inbox.length);
    let option = [...select.options].find((one) => one.value === phone.phone);
    if (!option) select.append((option = element("option", { value: phone.phone })));
    const fresh = freshOf(phone);
    setText(option, `${called(phone)}, …${phone.phone.slice(-4)}${fresh ? ` (${fresh} new)` : ""}`);
  }
  if (select.value !== seen.chosen && document.activeElement !== select) select.value = seen.chosen;
  showElsewhere();
  return seen.known.find((phone) => phone.phone === seen.chosen);
}

const freshOf = (phone) => phone.inbox.length - (seen.counts.get(phone.phone) ?? 0);

function showElsewhere() {
  const phone = seen.known.find((one) => one.phone !== seen.chosen && freshOf(one) > 0);
  const button = byId("elsewhere");
  button.hidden = !phone;
  if (!phone) return;
  button.dataset.phone = phone.phone;
  setText(button, `New text for ${called(phone)}, …${phone.phone.slice(-4)}`);
}

async function add() {
  const taken = new Set(seen.known.map((phone) => phone.phone));
  for (let digits = FIRST_MADE_UP; digits <= LAST_MADE_UP; digits += 1) {
    const number = `+${digits}`;
    if (taken.has(number)) continue;
    const name = `Customer ${[...taken].filter((one) => MADE_UP.test(one)).length + 1}`;
    await namePhone(number, name);
    seen.known.push({ phone: number, name, inbox: [] });
    byId("customer").append(element("option", { value: number }, `${name}, …${number.slice(-4)}`));
    choose(number, true);
    return;
  }
}

byId("customer").addEventListener("change", (event) => choose(event.target.value, false));
byId("elsewhere").addEventListener("click", (event) => choose(event.currentTarget.dataset.phone, true));
byId("add-customer").addEventListener("click", () => add().catch(console.warn));
