/** What a node says in an `error` (docs/protocol.md, section 6). */
export type NodeErrorCode =
  | 'bad_message' | 'unknown_type' | 'bad_room' | 'unauthorized' | 'forbidden' | 'too_large' | 'rate_limited' | 'too_many_rooms'
  | 'already_joined' | 'not_joined' | 'not_found' | 'conflict' | 'method_not_found' | 'upstream_failed' | 'timeout'
  | 'backplane_unavailable' | 'internal';

/**
 * What this client says by itself.
 * - `aborted`: the caller's `AbortSignal` fired. What was on its way already may have happened.
 * - `buffer_full`: as many publishes or commands are waiting as may wait.
 * - `closed`: the client was closed, or stays away from the node.
 * - `connection_lost`: the connection ended before the answer; nobody knows whether it happened.
 * - `disconnected`: the node sent us away (close codes 1000 and 4500 to 4999).
 * - `gave_up`: `reconnect.maxAttempts` is reached.
 * - `handler_failed`: one of your listeners threw; `cause` is what it threw.
 * - `overflow`: an async iteration was read too slowly.
 * - `refused`: the handshake was refused, or there is nothing to connect with.
 * - `removed`: the node put the connection out of a room.
 * - `token_failed`: the token provider threw, took too long, or gave a token that had ended.
 */
export type ClientErrorCode =
  | 'aborted' | 'buffer_full' | 'closed' | 'connection_lost' | 'disconnected' | 'gave_up' | 'handler_failed' | 'overflow' | 'refused'
  | 'removed' | 'token_failed';

/** A node may be newer than its client, so an unknown code is possible: decide by `retryable` then. */
export type ErrorCode = NodeErrorCode | ClientErrorCode | (string & {});

export interface FanoutErrorDetails {
  retryable?: boolean | undefined;
  retryAfterMs?: number | undefined;
  room?: string | undefined;
  closeCode?: number;
  status?: number | undefined;
  cause?: unknown;
}

/** Every failure that this package reports. */
export class FanoutError extends Error {
  override readonly name = 'FanoutError';
  declare readonly code: ErrorCode;
  /** Whether another try can succeed. A publish of unknown fate may only be tried again with its own key. */
  declare readonly retryable: boolean;
  /** When another try makes sense, in milliseconds from now. */
  declare readonly retryAfterMs: number | undefined;
  declare readonly room: string | undefined;
  /** The WebSocket close code, where a close is the cause. */
  declare readonly closeCode: number | undefined;
  /** The HTTP status of a refused handshake, where the WebSocket implementation shows it (`ws` does, browsers do not). */
  declare readonly status: number | undefined;

  constructor(code: ErrorCode, message: string, details: FanoutErrorDetails = {}) {
    // Of the details it takes the cause.
    super(message, details);
    const { retryable = false, retryAfterMs, room, closeCode, status } = details;
    Object.assign(this, { code, retryable, retryAfterMs, room, closeCode, status });
  }
}

export const abortError = (signal: AbortSignal): FanoutError =>
  new FanoutError('aborted', 'The caller gave up waiting.', { cause: signal.reason });

/** Calls when the signal fires, at once where it has; the function that comes back ends the waiting. */
export function onAbort(signal: AbortSignal | undefined, aborted: () => void): () => void {
  if (signal?.aborted) aborted();
  else signal?.addEventListener('abort', aborted);
  return () => signal?.removeEventListener('abort', aborted);
}

/** Waits for a promise no longer than the signal says. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const off = onAbort(signal, () => reject(abortError(signal!)));
    promise.then(resolve, reject).finally(off);
  });
}
