// Writing on a phone: a box for a text, and what its owner can do besides.

import { announce, element, phoneId, setText } from "./dom.js";
import { sendText, setAutoReply } from "./api.js";
import { makeAttaching } from "./attaching.js";

const USUAL_SECONDS = 2;

/** What stands below a phone's conversation: `owner` is what the phone is called, `number` its number. */
export function makeComposer(stack, owner, number) {
  const id = phoneId(number);
  const input = element("textarea", {
    id: `${id}-text`, rows: 1, maxlength: 1600, required: true, dir: "auto", placeholder: "Text message",
  });
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  const to = recipient(stack, id);
  const files = makeAttaching(owner, number, () => {
    input.required = files.attached.length === 0;
  });
  const form = element(
    "form",
    { class: "composer" },
    files.button,
    element("label", { for: input.id, class: "visually-hidden" }, `Text as ${owner}`),
    input,
    element("button", { type: "submit", "aria-label": `Send as ${owner}` }, "Send"),
  );
  const attempt = async (act, complaint) => {
    problem.hidden = true;
    try {
      await act();
      return true;
    } catch (error) {
      problem.textContent = complaint(error.message);
      problem.hidden = false;
      return false;
    }
  };
  const send = (body, attached) =>
    attempt(() => sendText(number, to.value, body, attached), (why) => `Not sent: ${why}. Your text is still here.`);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = input.value.trim();
    const attached = [...files.attached];
    if ((body || attached.length) && (await send(body, attached))) {
      // Who writes on meanwhile, or is elsewhere by now, is left in peace.
      if (input.value.trim() === body) {
        input.value = "";
        input.style.height = "";
      }
      files.sent(attached);
    }
    if (form.contains(document.activeElement) || document.activeElement === document.body) input.focus();
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
  const blocked = element("p", { class: "blocked", role: "status", hidden: true });
  return [blocked, problem, ...files.parts, to.place, form, makeMore(owner, number, send, attempt)];
}

/** Which of our numbers is texted: a choice where there are several. */
function recipient(stack, id) {
  const [only, ...others] = stack.our_numbers;
  if (!others.length) return { value: only, place: "" };
  const select = element("select", { id: `${id}-to` }, ...stack.our_numbers.map((one) => element("option", {}, one)));
  const place = element("p", { class: "to" }, element("label", { for: select.id }, "To"), select);
  return { get value() { return select.value; }, place };
}

function makeMore(owner, number, send, attempt) {
  const id = phoneId(number);
  const words = ["STOP", "START", "HELP"].map((word) => {
    const button = element("button", { type: "button", "aria-label": `Text ${word} as ${owner}` }, word);
    button.addEventListener("click", () => send(word));
    return button;
  });
  const isOn = element("input", { id: `${id}-auto`, class: "auto", type: "checkbox" });
  const after = element("input", {
    id: `${id}-after`, class: "after", type: "number", min: 0, max: 600, step: 1, value: USUAL_SECONDS,
  });
  const said = element("input", { id: `${id}-said`, class: "said", type: "text", maxlength: 1600 });
  const more = element(
    "details",
    { class: "more" },
    element("summary", {}, "More", element("span", { class: "visually-hidden" }, ` on ${owner}'s phone`), element("span", { class: "now" })),
    element("p", { class: "words" }, ...words),
    element("p", { class: "check" }, isOn, element("label", { for: isOn.id }, "Answers each text by itself, as while driving")),
    element("p", {}, element("label", { for: after.id }, "after so many seconds"), after),
    element("p", {}, element("label", { for: said.id }, "with these words"), said),
  );
  const apply = async () => {
    const setting = { phone: number, words: isOn.checked ? said.value : null, after_seconds: Number(after.value) };
    if (await attempt(() => setAutoReply(setting), (why) => `Not changed: ${why}.`)) {
      announce(`${owner}'s phone ${isOn.checked ? "answers by itself now" : "no longer answers by itself"}.`);
    }
  };
  // One at a time, the last one last: requests that are under way together arrive in any order.
  let before = Promise.resolve();
  const applyNext = () => {
    before = before.then(apply);
  };
  isOn.addEventListener("change", applyNext);
  for (const detail of [after, said]) detail.addEventListener("change", () => isOn.checked && applyNext());
  return more;
}

/** Show what holds on a phone now, unless a person is about to change it. `driving`: the usual words. */
export function showComposer(place, phone, driving) {
  const blocked = place.querySelector(".blocked");
  blocked.hidden = !phone.opted_out;
  setText(blocked, phone.opted_out ? `Said STOP: no text from ${phone.opted_out_of.join(", ")} gets here until START.` : "");
  const more = place.querySelector(".more");
  setText(more.querySelector(".now"), phone.auto_reply ? "answers by itself" : "");
  if (more.contains(document.activeElement) && document.activeElement.matches("input")) return;
  more.querySelector(".auto").checked = Boolean(phone.auto_reply);
  if (phone.auto_reply) {
    more.querySelector(".after").value = phone.auto_reply.after_seconds;
    more.querySelector(".said").value = phone.auto_reply.words;
  } else if (!more.querySelector(".said").value) more.querySelector(".said").value = driving;
}
