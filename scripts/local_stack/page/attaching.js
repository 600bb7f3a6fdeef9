// Files for a text: from a small set of pictures that the fake Twilio has drawn, or from the visitor's own disk.

import { announce, element, phoneId } from "./dom.js";

const FILES_MAX = 10;
// What goes to the stack in one request, with room for base64.
const FILE_MAX_BYTES = 300_000;
const PHOTO_MAX_BYTES = 30_000_000;
const PHOTOS = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const OTHERS = { "video/mp4": "video", "audio/mpeg": "voice note", "text/plain": "text", "text/vcard": "contact card", "application/pdf": "PDF" };
// A phone makes a photo smaller before it sends it: the longest side, in pixels, tried one after the other.
const SIDES = [1600, 1200, 800, 500];

let pictures = [];

/** The built-in pictures, as the fake's state names them. */
export function offerPictures(offered) {
  pictures = offered;
}

export const isPhoto = (contentType) => PHOTOS.includes(contentType);
export const fileWords = (contentType) => OTHERS[contentType] || "file";

/**
 * What a phone has for attaching: the button beside its box, the panel that it opens, and what is attached.
 * `changed` is called after each change; `attached` are the files, as `sendText` takes them, and `sent` takes them away.
 */
export function makeAttaching(owner, number, changed) {
  const id = phoneId(number);
  const attached = [];
  const tray = element("ul", { class: "tray", "aria-label": `Attached on ${owner}'s phone`, hidden: true });
  const problem = element("p", { class: "complaint", role: "alert", hidden: true });
  const drawn = element("div", { class: "drawn" });
  const input = element("input", { id: `${id}-files`, type: "file", multiple: true, accept: [...PHOTOS, ...Object.keys(OTHERS)].join(",") });
  const panel = element(
    "div",
    { class: "attach-panel", role: "group", "aria-label": `Attach on ${owner}'s phone`, hidden: true },
    drawn,
    element("p", {}, element("label", { for: input.id }, "From this computer"), input),
    problem,
  );
  const button = element("button", {
    type: "button", class: "attach", "aria-expanded": "false", "aria-label": `Attach photos as ${owner}`, title: "Attach photos",
  });

  const show = () => {
    tray.hidden = !attached.length;
    tray.replaceChildren(...attached.map((one) => makeThumb(one, () => remove(one))));
    changed();
  };
  const remove = (one) => {
    attached.splice(attached.indexOf(one), 1);
    announce(`${one.name} removed.`);
    show();
    (tray.querySelector("button") || button).focus();
  };
  const complain = (words) => {
    problem.textContent = words;
    problem.hidden = !words;
  };
  const add = (one) => {
    if (attached.length === FILES_MAX) throw new Error(`A text takes ${FILES_MAX} files at most`);
    attached.push(one);
    announce(`${one.name} attached.`);
    show();
  };
  const attempt = async (act) => {
    complain("");
    try {
      await act();
    } catch (error) {
      complain(`${error.message}.`);
    }
  };
  const open = (isOpen) => {
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    const choice = (picture) => {
      const choose = element("button", { type: "button", "aria-label": `Attach: ${picture.name}`, title: picture.name }, pictureOf(`/fake/files/${picture.file}`));
      choose.addEventListener("click", () => attempt(() => add({ name: picture.name, file: picture.file, src: `/fake/files/${picture.file}` })));
      return choose;
    };
    drawn.replaceChildren(...pictures.map(choice));
    drawn.querySelector("button")?.focus();
  };
  button.addEventListener("click", () => open(panel.hidden));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    open(false);
    button.focus();
  });
  input.addEventListener("change", () =>
    attempt(async () => {
      const chosen = [...input.files];
      input.value = "";
      for (const file of chosen) add(await read(file));
    }),
  );
  const sent = (gone) => {
    attached.splice(0, attached.length, ...attached.filter((one) => !gone.includes(one)));
    complain("");
    open(false);
    show();
  };
  return { button, parts: [panel, tray], attached, sent };
}

const pictureOf = (src) => element("img", { src, alt: "", width: 64, height: 48 });

function makeThumb(one, remove) {
  const shown = one.src ? pictureOf(one.src) : element("span", { class: "kind-of-file" }, one.name);
  const button = element("button", { type: "button", "aria-label": `Remove ${one.name}`, title: "Remove" }, "×");
  button.addEventListener("click", remove);
  return element("li", {}, shown, button);
}

/** A file of the visitor's as it is attached. An Error says what is wrong with it. */
async function read(file) {
  if (!isPhoto(file.type) && !OTHERS[file.type]) throw new Error(`${file.name} is nothing that a phone attaches here`);
  if (file.size > (isPhoto(file.type) ? PHOTO_MAX_BYTES : FILE_MAX_BYTES)) throw new Error(`${file.name} is too large`);
  if (!file.size) throw new Error(`${file.name} is empty`);
  const blob = file.size > FILE_MAX_BYTES ? await smaller(file) : file;
  const url = await dataUrl(blob);
  return { name: file.name, content_type: blob.type, content: url.slice(url.indexOf(",") + 1), src: isPhoto(blob.type) ? url : "" };
}

async function smaller(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} cannot be read as a picture`);
  }
  for (const side of SIDES) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = element("canvas", { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) });
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
    if (blob && blob.size <= FILE_MAX_BYTES) return blob;
  }
  throw new Error(`${file.name} is too large`);
}

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(new Error("The file cannot be read")));
    reader.readAsDataURL(blob);
  });
}
