// What a bubble holds: words, whose addresses can be opened, and the files that came along.

import { element } from "./dom.js";
import { fileWords, isPhoto } from "./attaching.js";

const ADDRESS = /https?:\/\/[^\s<>"]+/g;
// What ends a sentence after an address is none of it.
const AFTER_IT = /[.,;:!?)\]}'»”]+$/;

const inNewTab = (href, ...children) => element("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);

/** The words of a text, each address in them a link that opens in a new tab. */
export function makeWords(body) {
  const parts = [];
  let end = 0;
  for (const found of body.matchAll(ADDRESS)) {
    const address = found[0].replace(AFTER_IT, "");
    parts.push(body.slice(end, found.index), inNewTab(address, address));
    end = found.index + address.length;
  }
  return element("p", { class: "body", dir: "auto" }, ...parts, body.slice(end));
}

/** The files of a text, each of which can be opened in a new tab as well. */
export function makeFiles(files) {
  const shown = files.map((file, index) => {
    const address = `/fake/files/${file.file}`;
    if (!isPhoto(file.content_type)) return inNewTab(address, `A ${fileWords(file.content_type)}`);
    return inNewTab(address, element("img", { src: address, alt: `Photo ${index + 1} of ${files.length}`, width: 200, height: 150 }));
  });
  return element("div", { class: "files" }, ...shown);
}
