// Which view is shown, as the address says. Each view scrolls for itself, so that header and banners stay in sight, and
// a view that one comes back to stands where it stood.

import { addressOf, placeOf } from "./places.js";

// From this width on, list and relay fit side by side.
const WIDE = matchMedia("(min-width: 78rem)");
const VIEWS = ["live", "unreached", "customer", "relay"];
const get = (id) => document.getElementById(id);

export class Views {
  #list;
  #shown;
  #last = placeOf("");
  #scrolled = new Map();

  /** `shown` is called with the place that is shown now. */
  constructor(list, shown) {
    this.#list = list;
    this.#shown = shown;
    window.addEventListener("hashchange", () => this.show(true));
    WIDE.addEventListener("change", () => this.show());
  }

  /** The view from which a relay was opened. */
  get back() {
    return addressOf(this.#last);
  }

  /** What is searched for is another: the address says so, and going back does not lead through every letter. */
  filtersChanged() {
    const place = placeOf(location.hash);
    const isHere = place.view === "live" || document.body.dataset.split === "true";
    const address = addressOf({ view: "live", relay: isHere ? place.relay : "", filters: this.#list.filters.place });
    if (!isHere) location.hash = address;
    else history.replaceState(null, "", address);
    this.#last = placeOf(addressOf({ filters: this.#list.filters.place }));
    get("relay-back").href = get("customer-back").href = this.back;
  }

  show(isByAddress = false) {
    // Who stands before a wall's screen is no operator: it shows the wall and nothing else.
    const place = placeOf(document.body.dataset.kind === "wall" ? "#unreached" : location.hash);
    this.#takeFilters(place);
    if (place.view !== "relay" && place.view !== "customer") this.#last = place;
    const beside = place.view === "relay" && WIDE.matches && this.#last.view === "live";
    const before = this.#list.placeOf(place.relay || this.chosen);
    for (const name of VIEWS) if (!get(name).hidden) this.#scrolled.set(name, get(name).scrollTop);
    document.body.dataset.view = place.view;
    document.body.dataset.split = String(beside);
    for (const name of VIEWS) get(name).hidden = name !== place.view && !(name === "live" && beside);
    for (const name of VIEWS) if (!get(name).hidden) get(name).scrollTop = this.#scrolled.get(name) ?? 0;
    if (this.chosen !== place.relay) get("relay").scrollTop = 0;
    this.#keepInPlace(place.relay || this.chosen, before);
    this.chosen = place.relay;
    this.#list.choose(place.relay);
    this.#mark(place.view);
    this.#shown(place);
    // The keyboard's focus goes to the view that was opened; Escape leads back to the list.
    if (isByAddress) get(beside ? "relay" : "main").focus({ preventScroll: true });
  }

  chosen = "";

  /** A relay that was opened from elsewhere has no filters in its address: those of the list beside it hold. */
  #takeFilters(place) {
    const { filters } = this.#list;
    const isSame = JSON.stringify(filters.place) === JSON.stringify(place.filters);
    if (isSame || place.view === "unreached" || place.view === "customer") return;
    if (place.view === "relay" && Object.keys(place.filters).length === 0) {
      if (this.#last.view === "live") history.replaceState(null, "", addressOf({ relay: place.relay, filters: filters.place }));
      return;
    }
    filters.put(place.filters);
    if (place.view === "relay") this.#last = placeOf(addressOf({ filters: place.filters }));
    this.#list.search();
  }

  /** A row that was opened stays where it was, however the list is laid out then. */
  #keepInPlace(id, before) {
    const after = this.#list.placeOf(id);
    // What is not shown has no place.
    if (before && after) get("live").scrollTop += after - before;
  }

  #mark(view) {
    get("relay-back").href = get("customer-back").href = this.back;
    for (const link of document.querySelectorAll("[data-view]:is(a)")) {
      if (link.dataset.view === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
}
