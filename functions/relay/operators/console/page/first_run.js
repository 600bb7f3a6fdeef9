// What a page without any text says: where to send the first one, and what is different from a handler's or an operator's own phone.

import { el } from "./words.js";

/** Paragraphs; none while the relay has not told its numbers. `today` is what deeds.js knows of it. */
export function firstRun({ our_phones: ours, test_word: test }) {
  if (ours.length === 0) return [];
  const numbers = ours.flatMap((phone, index) => [index ? " or " : "", el("b", {}, phone)]);
  const own = test
    ? ["From a handler's or an operator's own phone begin the text with ", el("b", {}, test), ": what else they text is taken for their own words."]
    : ["Not from a handler's or an operator's own phone: what they text is kept, and goes no further."];
  return [el("p", { class: "first" }, "Text ", ...numbers, " to see it here."), el("p", { class: "note" }, ...own)];
}
