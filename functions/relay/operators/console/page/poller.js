// Poller decides when the page asks: every few seconds while rows change, less often when they do not or the tab is
// hidden, less often while calls fail, at once when the tab is shown again, and not at all while the device is offline.

const FAST_S = 3;
const SLOW_S = 10;
const HIDDEN_S = 20;
const ERROR_FIRST_S = 2;
const ERROR_MAX_S = 60;
// A relay that was there comes back: a wall must notice within seconds.
const ERROR_MAX_SEEN_S = 8;

export class Poller extends EventTarget {
  state = "waiting"; // waiting, current, trouble, signed-out, offline, paused
  error = null;
  heardAt = null; // by this machine's clock, in milliseconds
  nextAt = null;
  #round;
  #timer = null;
  #running = false;
  #again = false;
  #errors = 0;
  #idle = 0;

  /** `round` asks once and returns whether anything had changed; it raises ApiError. */
  constructor(round) {
    super();
    this.#round = round;
  }

  start() {
    document.addEventListener("visibilitychange", () => document.hidden || this.poke());
    window.addEventListener("online", () => this.poke());
    window.addEventListener("offline", () => this.#stop("offline"));
    this.poke();
  }

  /** Ask now; once more, if a round is under way. */
  poke() {
    if (this.#running) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#run();
  }

  async #run() {
    if (!navigator.onLine) {
      this.#stop("offline");
      return;
    }
    this.#running = true;
    const wait = await this.#ask();
    this.#running = false;
    if (this.#again) {
      this.#again = false;
      this.#run();
    } else {
      this.nextAt = Date.now() + wait * 1000;
      this.#timer = setTimeout(() => this.#run(), wait * 1000);
      this.dispatchEvent(new Event("state"));
    }
  }

  /** One round. Returns the seconds until the next. */
  async #ask() {
    try {
      const moved = await this.#round();
      this.#errors = 0;
      this.#idle = moved ? 0 : this.#idle + 1;
      this.heardAt = Date.now();
      this.#become("current", null);
      return document.hidden ? HIDDEN_S : Math.min(SLOW_S, FAST_S + this.#idle / 2);
    } catch (error) {
      const most = this.heardAt === null ? ERROR_MAX_S : ERROR_MAX_SEEN_S;
      const wait = Math.min(most, ERROR_FIRST_S * 2 ** this.#errors) * (0.8 + Math.random() * 0.4);
      this.#errors += 1;
      this.#become(error.kind === "signed-out" ? "signed-out" : "trouble", error);
      return Math.max(error.retryAfter ?? 0, wait);
    }
  }

  #stop(state) {
    if (this.#running) return;
    clearTimeout(this.#timer);
    this.nextAt = null;
    this.#become(state, this.error);
  }

  #become(state, error) {
    this.state = state;
    this.error = error;
    this.dispatchEvent(new Event("state"));
  }
}
