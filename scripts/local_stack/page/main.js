// Keeps the page in step with the stack: a long poll for the phones, relay-state for the stories, and what to show
// when the stack does not answer.

import { describeStack, latestRelays, phonesState } from "./api.js";
import { offerPictures } from "./attaching.js";
import { offerBehaviours } from "./carrier.js";
import { byId, setText } from "./dom.js";
import { buildPhones, showPhones } from "./phones.js";
import { showSetup } from "./setup.js";
import { showRelays } from "./timeline.js";

const RETRY_MS = 1500;
const RUNNING_MS = 700;
const IDLE_MS = 5000;
const TICK_MS = 250;

const seen = { stack: null, phones: null, relays: [], clockAhead: 0 };
const refresh = { isUnderWay: false, again: false };
let refreshTimer = 0;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function showConnection(state) {
  const words = { connecting: "Connecting", live: "Live", lost: "No connection" };
  const pill = byId("connection");
  pill.dataset.state = state;
  setText(pill, words[state]);
  byId("banner").hidden = state !== "lost";
  document.body.classList.toggle("lost", state === "lost");
}

function show() {
  if (!seen.stack || !seen.phones) return;
  showPhones(seen.stack, seen.phones, seen.relays);
  showRelays(seen.relays, Date.now() + seen.clockAhead);
}

/** Ask for the relays, one question at a time; asked meanwhile, it asks once more afterwards. */
async function refreshRelays() {
  clearTimeout(refreshTimer);
  if (refresh.isUnderWay) {
    refresh.again = true;
    return;
  }
  refresh.isUnderWay = true;
  refresh.again = false;
  try {
    const answer = await latestRelays(seen.stack);
    seen.relays = answer.relays;
    seen.clockAhead = answer.now ? Date.parse(answer.now) - Date.now() : 0;
    show();
  } catch {
    // The long poll notices when the stack is gone; a single failure here is tried again.
  }
  refresh.isUnderWay = false;
  const isRunning = seen.relays.some(({ summary }) => summary.final_status === "in_progress");
  refreshTimer = setTimeout(refreshRelays, refresh.again ? 0 : isRunning ? RUNNING_MS : IDLE_MS);
}

function showStack(stack) {
  seen.stack = stack;
  seen.phones = null;
  const home = stack.backend === "google" ? "Firestore and Cloud Tasks, emulated" : "one SQLite file";
  if (stack.twilio === "fake") {
    setText(byId("subtitle"), `Text as a customer or a handler and watch where it goes. Twilio is a fake one; relays live in ${home}.`);
    buildPhones(stack);
    setText(byId("empty"), `Nothing yet. Text ${stack.our_numbers[0]} from a customer's phone to see it here.`);
    byId("relays").hidden = false;
  } else {
    showSetup(stack, home);
  }
}

/** One connection to one run of the stack; ends by an error, or when all is to be shown anew. */
async function follow() {
  const stack = await describeStack();
  const isOther = stack.id !== seen.stack?.id || stack.is_signed_in !== seen.stack.is_signed_in;
  if (isOther) showStack(stack);
  if (stack.twilio !== "fake") {
    showConnection("live");
    for (;;) {
      await pause(IDLE_MS);
      const now = await describeStack();
      // Signed in meanwhile, in another tab: shown anew, with numbers in full.
      if (now.is_signed_in !== stack.is_signed_in) return;
    }
  }
  let version = null;
  for (;;) {
    seen.phones = await phonesState(version);
    version = seen.phones.version;
    offerBehaviours(seen.phones.behaviours);
    offerPictures(seen.phones.pictures);
    show();
    // Not before: what is shown until then is not how it is.
    showConnection("live");
    refreshRelays();
  }
}

async function main() {
  setInterval(() => {
    if (!document.body.classList.contains("lost")) show();
  }, TICK_MS);
  for (;;) {
    try {
      await follow();
    } catch (error) {
      if (!(error instanceof TypeError)) console.warn(error);
      showConnection("lost");
      await pause(RETRY_MS);
    }
  }
}

main();
