import { FanoutError } from './errors.js';

export interface StreamOptions {
  /** Messages that may wait for the loop. Default 1,000. */
  bufferSize?: number;
  /**
   * What happens beyond it. `error` (default): the loop ends with `overflow`, so that nothing is lost in silence. `drop_oldest`: for state
   * that replaces itself; `dropped` counts.
   */
  overflow?: 'error' | 'drop_oldest';
  /** Ends the loop, without an error. */
  signal?: AbortSignal;
}

/** Messages for `for await`, with a bounded buffer. */
export class MessageStream<T> implements AsyncIterableIterator<T> {
  readonly #buffer: T[] = [];
  readonly #bufferSize: number;
  readonly #overflow: 'error' | 'drop_oldest';
  readonly #ended: () => void;
  #waiting: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void } | undefined;
  #over = false;
  #error: FanoutError | undefined;
  #dropped = 0;

  /** @internal */
  constructor(options: StreamOptions, ended: () => void) {
    const { bufferSize = 1_000, overflow = 'error' } = options;
    if (!(bufferSize >= 1)) throw new RangeError(`bufferSize is ${bufferSize}: 1 or more.`);
    this.#bufferSize = bufferSize;
    this.#overflow = overflow;
    this.#ended = ended;
  }

  /** Messages that were dropped, with `drop_oldest`. */
  get dropped(): number {
    return this.#dropped;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T>> {
    if (this.#buffer.length > 0) return { done: false, value: this.#buffer.shift()! };
    const error = this.#error;
    this.#error = undefined;
    if (error) throw error;
    if (this.#over) return { done: true, value: undefined };
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  async return(): Promise<IteratorResult<T>> {
    this.#buffer.length = 0;
    this.end();
    this.#error = undefined;
    return { done: true, value: undefined };
  }

  /** @internal */
  push(value: T): void {
    if (this.#over) return;
    if (this.#waiting) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      return resolve({ done: false, value });
    }
    if (this.#buffer.length >= this.#bufferSize) {
      if (this.#overflow === 'error') {
        return this.end(new FanoutError('overflow', `${this.#bufferSize} messages are waiting; no more may.`));
      }
      this.#buffer.shift();
      this.#dropped++;
    }
    this.#buffer.push(value);
  }

  /** What is in the buffer is still read. @internal */
  end(error?: FanoutError): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error;
    this.#ended();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!waiting) return;
    if (error) {
      this.#error = undefined;
      waiting.reject(error);
    } else {
      waiting.resolve({ done: true, value: undefined });
    }
  }
}
