// Who is signed in here: said in the header, with the ways out.

import { show } from "./words.js";

const get = (id) => document.getElementById(id);

const WORDS = {
  person: { act: "You may look at everything, send texts again and give links.", look: "You may look at everything, and change nothing." },
  wall: { look: "This screen is signed in by a wall's link: it shows who was not reached, and changes nothing." },
  token: { act: "By an identity token, in this tab only. It ends within the hour." },
};

export class Account {
  #session;
  #dialog = get("account-dialog");

  /** `walls` is called when links for walls are wanted. */
  constructor(session, walls) {
    this.#session = session;
    session.addEventListener("change", () => this.#draw());
    get("account-button").addEventListener("click", () => this.#open());
    get("account-close").addEventListener("click", () => this.#dialog.close());
    get("account-out").addEventListener("click", () => this.#leave(false));
    get("account-everywhere").addEventListener("click", () => this.#leave(true));
    get("account-walls").addEventListener("click", () => {
      this.#dialog.close();
      walls();
    });
  }

  #draw() {
    const { who } = this.#session;
    document.body.dataset.role = who?.role ?? "none";
    const isPerson = who !== null && who.kind !== "wall";
    show(get("account-button"), !who ? "" : isPerson ? who.name : "Wall");
    show(get("account-title"), !who ? "" : isPerson ? `Signed in as ${who.name}` : "A wall");
    show(get("account-words"), WORDS[who?.kind]?.[who.role] ?? "");
    get("account-everywhere").hidden = who?.kind !== "person";
    // What is made is told as the session's: a token's holder has relayctl.
    get("account-walls").hidden = who?.kind !== "person";
    if (!who) this.#dialog.close();
  }

  #open() {
    show(get("account-problem"), "");
    this.#dialog.showModal();
    get("account-close").focus();
  }

  async #leave(everywhere) {
    try {
      await this.#session.signOut(everywhere);
    } catch (error) {
      if (error.kind !== "signed-out") {
        show(get("account-problem"), `${error.message} You are still signed in.`);
        return;
      }
    }
    // All that this page knows of texts goes with it.
    location.reload();
  }
}
