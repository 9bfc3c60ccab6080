export interface BackoffOptions {
  /** Bound of the first delay, in milliseconds. Default 1,000. */
  minDelayMs: number;
  /** Bound that no delay passes. Default 30,000. */
  maxDelayMs: number;
  /** From 0 to 1. */
  random: () => number;
}

/** Exponential backoff with full jitter: each delay is drawn from 0 to a bound that doubles (docs/protocol.md, 12.3). */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure and draws the delay before the next try. */
  next(): number {
    const bound = Math.min(this.#options.maxDelayMs, this.#options.minDelayMs * 2 ** this.#failures);
    this.#failures++;
    return Math.round(this.#options.random() * bound);
  }

  reset(): void {
    this.#failures = 0;
  }
}
