import type { Clock } from '../../src/index.js';

/** Lets everything run that waits for nothing but promises. */
export const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  #now = 1_800_000_000_000;
  #count = 0;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    this.#timers.set(++this.#count, { at: this.#now + delayMs, callback });
    return this.#count;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Fires what is due on the way, in order, and lets promises run in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].filter(([, timer]) => timer.at <= end).sort(([a, x], [b, y]) => x.at - y.at || a - b);
      if (!next) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].callback();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** As when the machine sleeps: time passes, and every timer is late. */
  async sleep(ms: number): Promise<void> {
    this.#now += ms;
    await this.advance(0);
  }
}
