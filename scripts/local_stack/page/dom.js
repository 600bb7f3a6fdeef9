// Building and updating elements. Text is always set as text, never as markup.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export function byId(id) {
  return document.getElementById(id);
}

/** The id of a phone's place on the page; what belongs to it has ids that begin with this. */
export function phoneId(number) {
  return `phone-${number.replace(/\D/g, "")}`;
}

/** Set only what differs, so that screen readers and selections are left in peace. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Make `parent`'s children those of `items`, in their order: `make(item)` builds one, `update(child, item)` keeps it
 * current, `item.key` tells them apart. Elements that stay are not rebuilt.
 */
export function reconcile(parent, items, make, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = null;
  for (const item of items) {
    let child = known.get(item.key);
    if (child) known.delete(item.key);
    else {
      child = make(item);
      child.dataset.key = item.key;
    }
    update(child, item);
    const next = place ? place.nextElementSibling : parent.firstElementChild;
    if (child !== next) parent.insertBefore(child, next);
    place = child;
  }
  for (const gone of known.values()) gone.remove();
}

/** Say something to people who cannot see the page. */
export function announce(text) {
  byId("announcer").textContent = text;
}
