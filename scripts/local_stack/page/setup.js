// With a real Twilio: what is configured here, and the chain by which a text gets through, tried when a person asks for it.

import { trySetUp } from "./api.js";
import { byId, element, setText } from "./dom.js";
import { clock, zone } from "./times.js";

// By the names that doctor gives its findings; others come behind these.
const LINKS = {
  registered: "Registered with the carriers",
  credentials: "Credentials",
  number: "The number is the account's",
  "number's URLs": "The number's URLs lead here",
  webhooks: "Reached from outside",
  "handlers' phones": "Handlers can be texted",
  alarms: "Alarms have a way to people",
};
const SIGNS = { ok: ["✓", "Good"], warning: ["!", "Look at it"], bad: ["✕", "To be repaired"], skipped: ["–", "Not tried"] };

export function showSetup(stack, home) {
  setText(byId("subtitle"), `Relays live in ${home}.`);
  setText(byId("setup-title"), stack.twilio === "real" ? "Set-up with the real Twilio" : "Set-up with another Twilio-compatible server");
  const numbers = stack.our_numbers.join(", ");
  setText(
    byId("setup-words"),
    `As configured here, texts to ${numbers} are passed on to the people below, and Twilio calls ${stack.public_base_url}. Whether that is so shows only when it is tried.`,
  );
  setText(byId("webhook-url"), stack.webhook_url);
  setText(byId("first-text"), firstText(stack));
  byId("handlers").replaceChildren(
    ...stack.tiers.map((tier) =>
      element("li", {}, element("bdi", {}, tier.name), `, ${tier.phone}: confirmed within ${tier.receipt_timeout_seconds} s, or the next one gets it`),
    ),
  );
  byId("try").hidden = !stack.is_signed_in;
  byId("sign-in").hidden = stack.is_signed_in;
  showChain([]);
  byId("setup").hidden = false;
}

function firstText(stack) {
  const first = `Text ${stack.our_numbers[0]}: the console and the terminal show each step.`;
  return stack.replies
    ? `${first} From a handler's or an operator's own phone the text has to begin with “test”, such as “test is it leaking?”: anything else is taken for their own words.`
    : `${first} Do it from a phone that is no handler's and no operator's: what they text is kept and goes nowhere.`;
}

function showChain(checks) {
  const names = [...new Set([...Object.keys(LINKS), ...checks.map((check) => check.name)])];
  byId("chain").replaceChildren(
    ...names.map((name) => {
      const found = checks.filter((check) => check.name === name);
      return element("li", {}, element("strong", {}, LINKS[name] || name), ...found.map(makeFinding));
    }),
  );
}

/** What doctor says stands behind a name and a colon there; here it stands alone. */
const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;

function makeFinding({ state, words, advice }) {
  const [sign, told] = SIGNS[state] || SIGNS.warning;
  return element(
    "div",
    { class: "finding", "data-state": state },
    element("span", { class: "sign", role: "img", "aria-label": told }, sign),
    element("p", {}, sentence(words), state !== "ok" && advice ? element("span", { class: "advice" }, ` ${advice}`) : ""),
  );
}

byId("try").addEventListener("click", async () => {
  const button = byId("try");
  button.disabled = true;
  setText(byId("tried"), "Asking Twilio and the way from outside…");
  try {
    const { checks, at } = await trySetUp();
    showChain(checks);
    setText(byId("tried"), `Tried at ${clock(at)} ${zone(at)}.`);
  } catch (error) {
    setText(byId("tried"), `Not tried: ${error.message}.`);
  } finally {
    button.disabled = false;
  }
});

byId("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(byId("webhook-url").textContent);
  setText(byId("copy"), "Copied");
});
