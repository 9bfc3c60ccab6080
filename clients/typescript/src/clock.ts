/** Where time comes from; tests hand in their own. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  /** `undefined`: there is none. */
  clearTimeout(timer: unknown): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: timer => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** One timer that can be set again and again. */
export class Timer {
  readonly #clock: Clock;
  #handle: unknown;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isSet(): boolean {
    return this.#handle !== undefined;
  }

  set(delayMs: number, callback: () => void): void {
    this.clear();
    // Longer ones would fire at once (a 32-bit count of milliseconds); 24 days are for ever here.
    this.#handle = this.#clock.setTimeout(() => {
      this.#handle = undefined;
      callback();
    }, Math.min(delayMs, 0x7fffffff));
  }

  clear(): void {
    this.#clock.clearTimeout(this.#handle);
    this.#handle = undefined;
  }
}
