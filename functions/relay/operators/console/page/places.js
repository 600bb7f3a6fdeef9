// A place on this page, as its address says it: which view, which relay or customer, and what the list is filtered by.

const FILTERS = ["q", "outcome", "tier", "time", "from", "to"];
// #/unreached and #/relay/ID: addresses of before, which are kept in bookmarks.
const OLD = /^\/(?:(unreached)|relay\/([\w-]+))?$/;

/** `view`: live, unreached, relay or customer. */
export function placeOf(hash) {
  const words = hash.replace(/^#/, "");
  const old = OLD.exec(words);
  const fields = new URLSearchParams(old ? "" : words.replace(/^\//, ""));
  const relay = old?.[2] ?? fields.get("relay") ?? "";
  // Where + was not written as %2B it has become a space.
  const customer = (fields.get("customer") ?? "").replace(/^ /, "+");
  const isWall = old?.[1] !== undefined || fields.has("unreached");
  const filters = Object.fromEntries(FILTERS.filter((name) => fields.get(name)).map((name) => [name, fields.get(name)]));
  return { view: relay ? "relay" : customer ? "customer" : isWall ? "unreached" : "live", relay, customer, filters };
}

export function addressOf({ view = "live", relay = "", customer = "", filters = {} }) {
  const fields = new URLSearchParams();
  if (relay) fields.set("relay", relay);
  else if (customer) fields.set("customer", customer);
  else if (view === "unreached") return "#unreached";
  for (const name of FILTERS) if (filters[name]) fields.set(name, filters[name]);
  return `#${fields.size ? fields : "/"}`;
}

export const relayAddress = (id) => addressOf({ relay: id });
export const customerAddress = (phone) => addressOf({ customer: phone });
