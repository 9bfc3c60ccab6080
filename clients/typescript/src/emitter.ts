import { abortError } from './errors.js';

export type Listener<T> = (value: T) => void;

export interface ListenOptions {
  /** Ends the listening. */
  signal?: AbortSignal | undefined;
}

/** Typed events. A listener that throws harms neither the others nor the client; it is reported. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<{ call: Listener<never> }>>();
  readonly #failed: (cause: unknown) => void;

  protected constructor(failed: (cause: unknown) => void) {
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
      signal?.removeEventListener('abort', off);
    };
    signal?.addEventListener('abort', off);
    return off;
  }

  /** The next event of this name. */
  once<K extends keyof Events>(event: K, options: ListenOptions = {}): Promise<Events[K]> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal));
      const aborted = (): void => {
        off();
        reject(abortError(signal!));
      };
      const off = this.on(event, value => {
        off();
        signal?.removeEventListener('abort', aborted);
        resolve(value);
      });
      signal?.addEventListener('abort', aborted);
    });
  }

  /** Whether anybody listened. */
  protected emit<K extends keyof Events>(event: K, value: Events[K]): boolean {
    const listeners = this.#listeners.get(event);
    if (!listeners?.size) return false;
    // A copy: a listener may add and remove listeners.
    for (const { call } of [...listeners]) {
      try {
        (call as Listener<Events[K]>)(value);
      } catch (cause) {
        this.#failed(cause);
      }
    }
    return true;
  }
}
