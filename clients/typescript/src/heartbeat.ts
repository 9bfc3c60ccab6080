import { Timer, type Clock } from './clock.js';

/** How often silence is looked at; a tick that comes this much too late means that the machine slept. */
const TickMs = 5_000;

/** Where the node does not ping (`heartbeat.intervalMs` is 0), we do, this often. */
const OwnIntervalMs = 30_000;

/** The client's view of docs/protocol.md, section 12.2: silence leads to a ping, and a ping without an answer to the end. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #pongTimeoutMs: number;
  readonly #ping: () => void;
  readonly #dead: () => void;
  readonly #tick: Timer;
  readonly #asked: Timer;
  #silenceMs = OwnIntervalMs;
  #lastSeen = 0;
  #lastTick = 0;

  /** @param dead nothing came although we asked. */
  constructor(clock: Clock, pongTimeoutMs: number, ping: () => void, dead: () => void) {
    this.#clock = clock;
    this.#pongTimeoutMs = pongTimeoutMs;
    this.#ping = ping;
    this.#dead = dead;
    this.#tick = new Timer(clock);
    this.#asked = new Timer(clock);
  }

  /** @param showsPings whether the node's pings are seen: then only its timeout is suspicious, else already its interval. */
  start(heartbeat: { intervalMs: number; timeoutMs: number }, showsPings: boolean): void {
    const { intervalMs, timeoutMs } = heartbeat;
    this.#silenceMs = intervalMs <= 0 ? OwnIntervalMs : showsPings && timeoutMs > 0 ? timeoutMs : intervalMs;
    this.#lastSeen = this.#lastTick = this.#clock.now();
    this.#next();
  }

  /** Anything that comes is life. */
  seen(): void {
    this.#lastSeen = this.#clock.now();
    this.#asked.clear();
  }

  /** Asks now. */
  check(): void {
    if (!this.#tick.isSet || this.#asked.isSet) return;
    this.#asked.set(this.#pongTimeoutMs, this.#dead);
    this.#ping();
  }

  stop(): void {
    this.#tick.clear();
    this.#asked.clear();
  }

  #next(): void {
    const untilSilence = this.#lastSeen + this.#silenceMs - this.#clock.now();
    const delay = untilSilence > 0 ? Math.min(untilSilence, TickMs) : TickMs;
    this.#tick.set(delay, () => {
      const now = this.#clock.now();
      const slept = now - this.#lastTick > 2 * TickMs;
      this.#lastTick = now;
      // A clock that was set back must not make silence look short.
      this.#lastSeen = Math.min(this.#lastSeen, now);
      const silent = now - this.#lastSeen >= this.#silenceMs;
      this.#next();
      if (slept || silent) this.check();
    });
  }
}
