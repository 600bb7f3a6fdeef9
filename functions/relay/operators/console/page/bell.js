// The bell: a sound and the browser's own notification when a text needs a person, in a hidden tab too.

import { show } from "./words.js";

const KEY = "relay-bell";

export class Bell {
  #button = document.getElementById("bell");
  #isOn = kept();
  #sound = null;

  constructor() {
    this.#button.addEventListener("click", () => this.#toggle());
    // Browsers make no sound before the page was touched once: then it is on again as it was.
    for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => this.#isOn && this.#open(), { once: true });
    this.#draw();
  }

  /** Ring once. The notification holds no number and no words of a customer: screens that are locked show it. */
  ring(count, words) {
    if (!this.#isOn) return;
    this.#play();
    if (!document.hidden && document.hasFocus()) return;
    if (globalThis.Notification?.permission !== "granted") return;
    try {
      const notice = new Notification(`${count} unreached`, { body: words, tag: "relay-unreached", renotify: true, requireInteraction: true });
      notice.onclick = () => {
        window.focus();
        location.hash = "#unreached";
        notice.close();
      };
    } catch {
      // Phones' browsers take notifications from service workers only; the sound is there.
    }
  }

  #toggle() {
    this.#isOn = !this.#isOn;
    try {
      localStorage.setItem(KEY, this.#isOn ? "on" : "off");
    } catch {
      // It is so for as long as the page lasts.
    }
    if (this.#isOn) {
      this.#open();
      this.#play();
      if (globalThis.Notification?.permission === "default") Notification.requestPermission().then(() => this.#draw());
    }
    this.#draw();
  }

  #open() {
    if (!globalThis.AudioContext) return;
    this.#sound ??= new AudioContext();
    this.#sound.onstatechange = () => this.#draw();
    this.#sound.resume();
  }

  /** Two tones, twice. */
  #play() {
    if (this.#sound?.state !== "running") return;
    for (const [after, pitch] of [[0, 880], [0.25, 660], [0.7, 880], [0.95, 660]]) {
      const [tone, volume] = [this.#sound.createOscillator(), this.#sound.createGain()];
      const at = this.#sound.currentTime + after;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.3, at);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.22);
      tone.connect(volume).connect(this.#sound.destination);
      tone.start(at);
      tone.stop(at + 0.23);
    }
  }

  #draw() {
    const isSilent = this.#isOn && this.#sound?.state !== "running";
    this.#button.setAttribute("aria-pressed", String(this.#isOn));
    show(this.#button, !this.#isOn ? "Bell off" : isSilent ? "Bell: click once for sound" : "Bell on");
    this.#button.title = notice();
  }
}

function notice() {
  const words = { granted: "and notifications", denied: "; this browser refuses notifications", default: "" };
  return `Sound ${words[globalThis.Notification?.permission] ?? ""} when a text reaches no one`;
}

function kept() {
  try {
    return localStorage.getItem(KEY) === "on";
  } catch {
    return false;
  }
}
