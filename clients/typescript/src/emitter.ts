import { abortable, onAbort } from './errors.js';

/** What it returns is of no interest, unless it is a promise that fails. */
export type Listener<T> = (value: T) => unknown;

export interface ListenOptions {
  /** Ends the listening. */
  signal?: AbortSignal | undefined;
}

/** Typed events. A listener that throws, or fails later as an async one does, harms neither the others nor the client; it is reported. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<{ call: Listener<never> }>>();
  readonly #failed: (cause: unknown, event: keyof Events) => void;

  protected constructor(failed: (cause: unknown, event: keyof Events) => void) {
    this.#failed = failed;
  }

  /** Listens; the function that comes back ends it. */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>, options: ListenOptions = {}): () => void {
    const { signal } = options;
    if (signal?.aborted) return () => {};
    const entry = { call: listener as Listener<never> };
    let listeners = this.#listeners.get(event);
    if (!listeners) this.#listeners.set(event, (listeners = new Set()));
    listeners.add(entry);
    const off = (): void => {
      listeners.delete(entry);
      quiet();
    };
    const quiet = onAbort(signal, off);
    return off;
  }

  /** The next event of this name. */
  once<K extends keyof Events>(event: K, options: ListenOptions = {}): Promise<Events[K]> {
    return abortable(new Promise(resolve => {
      const off = this.on(event, value => {
        off();
        resolve(value);
      }, options);
    }), options.signal);
  }

  /** Whether anybody listened. */
  protected emit<K extends keyof Events>(event: K, value: Events[K]): boolean {
    const listeners = this.#listeners.get(event);
    if (!listeners?.size) return false;
    // A copy: a listener may add and remove listeners.
    const failed = (cause: unknown): void => this.#failed(cause, event);
    for (const entry of [...listeners]) {
      if (!listeners.has(entry)) continue;
      try {
        ((entry.call as Listener<Events[K]>)(value) as PromiseLike<unknown> | undefined)?.then?.(undefined, failed);
      } catch (cause) {
        failed(cause);
      }
    }
    return true;
  }

  /** Whether anybody listens to anything. */
  protected get heard(): boolean {
    return [...this.#listeners.values()].some(listeners => listeners.size > 0);
  }
}
