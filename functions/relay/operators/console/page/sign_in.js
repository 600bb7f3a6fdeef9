// The way in: a code to an operator's number or e-mail address, a link, or an identity token.

import { show, span } from "./words.js";

const ASKED = "relay-code-asked";
const LINK = /^#(sign-in|wall)=([\w.~-]+)$/;
const STEPS = ["to", "code", "link", "token", "none"];
// By the ways that codes go: what stands over the field, and what in it.
const ASKS = {
  text: ["Your mobile number", "+1555…"],
  email: ["Your e-mail address", "you@example.com"],
  both: ["Your mobile number or e-mail address", "+1555… or you@example.com"],
};

const get = (id) => document.getElementById(id);

export class SignInView {
  #session;
  #entered;
  #step = "";
  #to = "";
  #link = null;
  #isBusy = false;

  /** `entered` is called with who has signed in here. */
  constructor(session, entered) {
    this.#session = session;
    this.#entered = entered;
    session.addEventListener("change", () => this.draw());
    window.addEventListener("hashchange", () => this.#takeLink());
    get("sign-in-to").addEventListener("submit", (event) => this.#submit(event, () => this.#requestCode()));
    get("sign-in-code").addEventListener("submit", (event) => this.#submit(event, () => this.#giveCode()));
    get("sign-in-link").addEventListener("submit", (event) => this.#submit(event, () => this.#useLink()));
    get("sign-in-token").addEventListener("submit", (event) => this.#submit(event, () => this.#useToken()));
    get("sign-in-again").addEventListener("click", () => this.#begin());
    get("sign-in-not").addEventListener("click", () => this.#dropLink());
    get("sign-in-by-token").addEventListener("click", () => this.#open("token"));
    get("sign-in-by-code").addEventListener("click", () => this.#begin());
    get("sign-in-copy").addEventListener("click", () => copy(get("sign-in-command"), get("sign-in-copy")));
    this.#takeLink();
  }

  /** Show it while no operator is signed in, and while a link waits to be used. */
  draw() {
    const session = this.#session;
    // Where a wall is signed in already its link only opens it, as each morning when the screen is switched on.
    if (this.#link?.kind === "wall" && session.who?.kind === "wall") {
      this.#dropLink();
      return;
    }
    const isWanted = this.#link !== null || session.state === "out";
    document.body.dataset.session = isWanted ? "out" : session.state;
    get("sign-in").hidden = !isWanted;
    if (!isWanted) {
      this.#step = "";
      return;
    }
    document.title = "Sign in – SMS relay";
    // A question that was open is no question of who signs in next.
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    const isIn = session.isIn ? `You are signed in as ${session.who.name}.` : "";
    show(get("sign-in-who"), isIn);
    get("sign-in-not").hidden = !session.isIn;
    const [label, like] = (session.ways.length === 1 && ASKS[session.ways[0]]) || ASKS.both;
    show(get("sign-in-label"), label);
    get("sign-in-address").placeholder = like;
    if (!this.#step || this.#isStale) this.#begin(session.problem);
  }

  /** Whether the step that is shown is none that this relay has: its operators were set, or taken away, meanwhile. */
  get #isStale() {
    return this.#session.state === "out" && this.#step === (this.#session.ways.length ? "none" : "to");
  }

  /** A link's token is in the address, behind the #, which is sent to no server: only pressing the button spends it. */
  #takeLink() {
    const found = LINK.exec(location.hash);
    if (!found) return;
    this.#link = { kind: found[1], token: found[2], name: "" };
    this.#step = "";
    this.draw();
    if (this.#link?.kind === "sign-in") this.#learnName(this.#link);
  }

  /** Whom the link signs in stands on its button: who was sent another operator's link sees that before. */
  async #learnName(link) {
    try {
      link.name = await this.#session.nameOf(link.token);
    } catch (error) {
      // Without an answer the button just says less.
      if (error.kind !== "refused") return;
      link.isOver = true;
      // What is shown instead depends on who is signed in.
      await this.#session.enter().catch(() => {});
      if (this.#link === link) this.#failed(error);
      return;
    }
    if (this.#step === "link" && this.#link === link) show(get("sign-in-go-link"), `Sign in as ${link.name}`);
  }

  #dropLink() {
    const isWall = this.#link?.kind === "wall";
    this.#link = null;
    this.#step = "";
    // Not kept in the browser's history, and no place to come back to.
    history.replaceState(null, "", `${location.pathname}${location.search}${isWall ? "#/unreached" : "#/"}`);
    this.draw();
    if (this.#session.isIn) this.#entered(this.#session.who);
  }

  /** The first step: the link that was opened, the code that was asked for, or asking for one. */
  #begin(problem = "") {
    const { takesTokensOnly, ways } = this.#session;
    if (this.#link) this.#open("link");
    else if (takesTokensOnly) this.#open("token", problem);
    else if (this.#step !== "code" && isAskedFor()) this.#open("code", problem);
    else this.#open(ways.length ? "to" : "none", problem);
  }

  #open(step, problem = "") {
    this.#step = step;
    for (const name of STEPS) get(`sign-in-${name}`).hidden = name !== step;
    const isWall = step === "link" && this.#link.kind === "wall";
    show(get("sign-in-title"), isWall ? "Show the wall here" : "Sign in");
    get("sign-in-go-link").hidden = false;
    const name = this.#link?.name;
    show(get("sign-in-go-link"), isWall ? "Show the wall" : name ? `Sign in as ${name}` : "Sign in");
    show(get("sign-in-link-words"), isWall ? "This link shows what waits for a person, and lets nothing be changed." : "This link signs in once. Go on only if you asked for it yourself.");
    show(get("sign-in-sent"), this.#to ? `If ${this.#to} is an operator's, a code is on its way there.` : "A code was asked for in this browser.");
    get("sign-in-by-token").hidden = step === "token";
    get("sign-in-by-code").hidden = this.#session.takesTokensOnly;
    this.#say(problem);
    this.#focus();
  }

  #focus() {
    const place = get(`sign-in-${this.#step}`);
    const field = place.querySelector("input, textarea") ?? place.querySelector("button:not([hidden])") ?? get("sign-in-title");
    field.focus({ preventScroll: true });
  }

  async #submit(event, act) {
    event.preventDefault();
    if (this.#isBusy) return;
    this.#isBusy = true;
    document.body.dataset.signingIn = "true";
    this.#say("");
    try {
      await act();
    } catch (error) {
      this.#failed(error);
    }
    this.#isBusy = false;
    delete document.body.dataset.signingIn;
  }

  async #requestCode() {
    const to = get("sign-in-address").value.trim();
    if (!to) throw new Error("Give your number or your e-mail address.");
    const seconds = await this.#session.requestCode(to);
    this.#to = to;
    get("sign-in-digits").value = "";
    remember(seconds);
    this.#open("code");
  }

  async #giveCode() {
    const code = get("sign-in-digits").value.replace(/\D/g, "");
    if (code.length !== 6) throw new Error("The code has six digits.");
    await this.#session.giveCode(code);
    this.#done();
  }

  async #useLink() {
    const { token } = this.#link;
    try {
      await this.#session.useLink(token);
    } catch (error) {
      // Spent or over: it will never sign in again. What did not arrive may be tried once more.
      this.#link.isOver = error.kind === "refused";
      throw error;
    }
    remember(0);
    // A wall's was dropped as soon as the wall was signed in.
    if (this.#link) this.#dropLink();
  }

  async #useToken() {
    const field = get("sign-in-pasted");
    if (!this.#session.useToken(field.value)) throw new Error("That is not an identity token: it has three parts with dots between them.");
    field.value = "";
    this.#done();
  }

  #done() {
    remember(0);
    this.#to = "";
    this.#entered(this.#session.who);
  }

  #failed(error) {
    const { kind, retryAfter, details } = error;
    const left = details?.tries_left;
    if (this.#link?.isOver && !this.#session.isIn) {
      this.#dropLink();
      this.#begin(error.message);
      return;
    }
    if (this.#step === "code" && kind === "refused" && !left) {
      // It is over: another one has to be asked for.
      remember(0);
      this.#open("to", error.message);
      return;
    }
    const again = kind === "unreachable" || (kind === "busy" && !retryAfter) ? " Try again: nothing is lost." : "";
    const tries = left ? ` ${left} ${left === 1 ? "try" : "tries"} left.` : "";
    // The sign-in's own words say how long.
    const wait = retryAfter && !details.error ? ` Again in ${span(retryAfter)}.` : "";
    this.#say(error.message + tries + wait + again);
    get("sign-in-go-link").hidden = Boolean(this.#link?.isOver);
    this.#focus();
  }

  #say(problem) {
    show(get("sign-in-problem"), problem);
    for (const field of get("sign-in").querySelectorAll("input, textarea")) {
      if (problem) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  }
}

/** Copy what an element or a field says, and say so on the button. */
export async function copy(source, button) {
  const words = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(words);
    show(button, "Copied");
  } catch {
    // Not allowed, or no https: then it is at least chosen, to be copied by the keyboard.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    show(button, "Chosen: now copy it");
  }
}

// That a code was asked for outlives a tab which a phone drops while its owner reads the text. No number is kept.
function remember(seconds) {
  try {
    if (seconds) sessionStorage.setItem(ASKED, String(Date.now() + seconds * 1000));
    else sessionStorage.removeItem(ASKED);
  } catch {
    // No storage: then the code is asked for again.
  }
}

function isAskedFor() {
  try {
    return Number(sessionStorage.getItem(ASKED)) > Date.now();
  } catch {
    return false;
  }
}
