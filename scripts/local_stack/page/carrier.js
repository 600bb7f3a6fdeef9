// The switch on a handler's phone: what its carrier, or Twilio on the way to it, does with the next texts.

import { announce, element } from "./dom.js";
import { setCarrier } from "./api.js";

// In the order in which they are offered; the others that the fake knows come below, under "More".
const USUAL = ["deliver", "refuse", "silent", "late", "api_down", "reply_lost"];
// All of these refuse. Which of them it is follows from the code: some Twilio itself refuses with, before it accepts
// anything; the others it tells after that, of a text that it had accepted.
const REFUSING = ["refuse", "undelivered", "failed"];
const FIRST_CODE = 30006;
const USUAL_DELAY_SECONDS = 20;
const CLASSES = {
  recipient: "This handler cannot be reached: next tier at once",
  opted_out: "This handler said STOP: next tier at once, with an alarm",
  transient: "Passing trouble: tried again, then next tier",
  sender: "Our account or number, for every handler: with an alarm",
  sender_here: "Our account, for this handler: next tier at once, with an alarm",
  settings: "A setting of ours: next tier at once, with an alarm",
  content: "This text on this route: next tier at once",
  filtered: "These words: the next tier gets a neutral notice",
};

export function makeSwitch(stack, tier) {
  const id = `carrier-${tier.number}`;
  const select = element("select", { id, class: "behaviour" });
  const code = element("select", { id: `${id}-code`, class: "code" }, ...codeOptions(stack.error_codes));
  code.value = String(FIRST_CODE);
  const delay = element("input", {
    id: `${id}-delay`, class: "delay", type: "number", min: 1, max: 600, step: 1, value: USUAL_DELAY_SECONDS,
  });
  const made = element(
    "div",
    { class: "switch" },
    element("label", { for: id }, "The carrier", element("span", { class: "visually-hidden" }, ` of ${tier.name}`)),
    select,
    element("div", { class: "detail", "data-for": "code", hidden: true }, element("label", { for: code.id }, "with error"), code),
    element("div", { class: "detail", "data-for": "delay", hidden: true }, element("label", { for: delay.id }, "seconds late"), delay),
    element("p", { class: "problem", role: "alert", hidden: true }),
  );
  for (const control of [select, code, delay]) control.addEventListener("change", () => apply(made, tier));
  return made;
}

function codeOptions(codes) {
  return Object.entries(CLASSES).map(([name, words]) =>
    element(
      "optgroup",
      { label: words },
      ...codes
        .filter((code) => code.class === name)
        .map((code) => element("option", { value: code.code, "data-refusal": code.is_refusal }, `${code.code}: ${code.words}`)),
    ),
  );
}

/** Show what holds now, unless a person is about to change it. */
export function showSwitch(phone, state) {
  const select = phone.querySelector(".behaviour");
  if (phone.querySelector(".switch").contains(document.activeElement)) return;
  select.value = REFUSING.includes(state.behaviour) ? "refuse" : state.behaviour;
  if (REFUSING.includes(state.behaviour) && state.error_code) phone.querySelector(".code").value = String(state.error_code);
  if (state.delay_seconds) phone.querySelector(".delay").value = state.delay_seconds;
  showDetails(phone, select.value);
}

export function offerBehaviours(behaviours) {
  const offered = behaviours.filter((one) => !REFUSING.includes(one.name) || one.name === "refuse");
  for (const select of document.querySelectorAll("select.behaviour")) {
    if (!select.options.length) offer(select, offered);
  }
}

function offer(select, behaviours) {
  const byName = new Map(behaviours.map((one) => [one.name, one]));
  const option = (one) => element("option", { value: one.name }, one.name === "refuse" ? "refuses" : one.label);
  const usual = USUAL.map((name) => byName.get(name)).filter(Boolean);
  const others = behaviours.filter((one) => !USUAL.includes(one.name));
  select.append(...usual.map(option), element("optgroup", { label: "More" }, ...others.map(option)));
}

function showDetails(phone, behaviour) {
  phone.querySelector("[data-for=code]").hidden = behaviour !== "refuse";
  phone.querySelector("[data-for=delay]").hidden = !["late", "hang"].includes(behaviour);
  phone.classList.toggle("troubled", behaviour !== "deliver");
}

async function apply(made, tier) {
  const phone = made.closest(".phone");
  const select = made.querySelector(".behaviour");
  showDetails(phone, select.value);
  const setting = { phone: tier.phone, behaviour: select.value };
  if (select.value === "refuse") {
    const chosen = made.querySelector(".code").selectedOptions[0];
    setting.error_code = Number(chosen.value);
    if (!("refusal" in chosen.dataset)) setting.behaviour = "undelivered";
  }
  if (["late", "hang"].includes(select.value)) setting.delay_seconds = Number(made.querySelector(".delay").value) || USUAL_DELAY_SECONDS;
  const problem = made.querySelector(".problem");
  try {
    await setCarrier(setting);
    problem.hidden = true;
    announce(`${tier.name}'s carrier: ${select.selectedOptions[0].textContent}.`);
  } catch (error) {
    problem.textContent = `Not changed: ${error.message}.`;
    problem.hidden = false;
  }
}
