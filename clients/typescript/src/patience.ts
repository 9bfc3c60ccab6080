import { Timer, type Clock } from './clock.js';
import { FanoutError, abortError, onAbort } from './errors.js';

export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** `Infinity`, or none: as long as it takes. */
  readonly timeoutMs?: number | undefined;
}

/** Tells when a caller has waited long enough, with `timeout` or `aborted`; the function that comes back ends it. */
export function runOut(clock: Clock, { signal, timeoutMs = Infinity }: Patience, what: string, told: (error: FanoutError) => void): () => void {
  const timer = new Timer(clock);
  if (timeoutMs !== Infinity) timer.set(timeoutMs, () => told(new FanoutError('timeout', `${what} within ${timeoutMs} ms.`, { retryable: true })));
  const off = onAbort(signal, () => told(abortError(signal!)));
  return () => {
    timer.clear();
    off();
  };
}
