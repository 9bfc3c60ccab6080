import { Timer, type Clock } from './clock.js';
import { FanoutError, abortError } from './errors.js';
import type { Codec, ErrorPayload, Inbound, Outbound } from './wire.js';

export type Frame = string | Uint8Array<ArrayBuffer>;

/** The connection of the moment, as commands and publishes see it. */
export interface Line {
  readonly ready: boolean;
  send(frame: Frame): void;
}

export interface CommandOptions {
  signal?: AbortSignal | undefined;
  /** Default: `requestTimeoutMs` of the client. `Infinity`: none. */
  timeoutMs?: number | undefined;
}

/**
 * What happens to a command whose connection ends before its answer. `again`: it only reads, so it is sent again. `never`: it may have
 * had an effect, so the caller decides.
 */
export type Resend = 'again' | 'never';

interface Pending {
  readonly frame: Frame;
  readonly resend: Resend;
  sent: boolean;
  settle(outcome: Inbound | FanoutError): void;
}

/** As many as a node takes from one connection before it reads no further (docs/protocol.md, section 13). */
const MaxPending = 256;

export const nodeError = (payload: ErrorPayload, room?: string): FanoutError =>
  new FanoutError(payload.code, payload.message, { retryable: payload.retryable, retryAfterMs: payload.retryAfterMs, room });

/** Without the fields that are undefined. */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  for (const key in fields) if (fields[key] === undefined) delete fields[key];
  return fields as T;
}

/** Commands that wait for their answer, or for a connection. */
export class Commands {
  readonly #line: Line;
  readonly #codec: Codec;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #pending = new Map<string, Pending>();
  #count = 0;
  #closed: FanoutError | undefined;

  constructor(line: Line, codec: Codec, clock: Clock, timeoutMs: number) {
    this.#line = line;
    this.#codec = codec;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Sent now or at the next connection; fails with what the node answers, or with `timeout`, `aborted`, `connection_lost`, `closed`. */
  run(command: Outbound, resend: Resend, options: CommandOptions = {}): Promise<Inbound> {
    return new Promise((resolve, reject) => {
      this.call(command, resend, options, outcome => (outcome instanceof FanoutError ? reject(outcome) : resolve(outcome)));
    });
  }

  /**
   * As `run`, but the outcome is told before the next message of the node is looked at. Some WebSockets deliver several messages without
   * letting a promise continue in between, and what follows a `joined` counts only for a member.
   * @throws FanoutError `bad_message` where the payload cannot be encoded.
   */
  call(command: Outbound, resend: Resend, options: CommandOptions, told: (outcome: Inbound | FanoutError) => void): void {
    const { signal, timeoutMs = this.#timeoutMs } = options;
    if (this.#closed) return told(this.#closed);
    if (signal?.aborted) return told(abortError(signal));
    if (this.#pending.size >= MaxPending) {
      return told(new FanoutError('buffer_full', `${MaxPending} commands are waiting; no more may.`, { retryable: true }));
    }
    const id = `c${++this.#count}`;
    const timer = new Timer(this.#clock);
    const aborted = (): void => pending.settle(abortError(signal!));
    const pending: Pending = {
      frame: encode(this.#codec, { ...command, id }),
      resend,
      sent: false,
      settle: outcome => {
        this.#pending.delete(id);
        timer.clear();
        signal?.removeEventListener('abort', aborted);
        told(outcome);
      },
    };
    this.#pending.set(id, pending);
    signal?.addEventListener('abort', aborted);
    if (timeoutMs !== Infinity) {
      timer.set(timeoutMs, () => pending.settle(new FanoutError(
        'timeout', `No answer to '${command.method ?? command.type}' within ${timeoutMs} ms.`, { retryable: true })));
    }
    this.#send(pending);
  }

  /** Whether the message answers one of ours. */
  answered(message: Inbound): boolean {
    const pending = this.#pending.get(message.id ?? '');
    pending?.settle(message.type === 'error' ? nodeError(message.payload as ErrorPayload, message.room) : message);
    return pending !== undefined;
  }

  connected(): void {
    for (const pending of this.#pending.values()) this.#send(pending);
  }

  lost(): void {
    for (const pending of this.#pending.values()) {
      if (!pending.sent) continue;
      if (pending.resend === 'again') pending.sent = false;
      else pending.settle(new FanoutError('connection_lost', 'The connection ended before the answer: it may have happened.', { retryable: true }));
    }
  }

  /** The frame that is the largest of those without an answer. */
  largest(): Blamed | undefined {
    return largestOf([...this.#pending.values()].filter(pending => pending.sent).map(pending => ({
      size: sizeOf(pending.frame), fail: error => pending.settle(error),
    })));
  }

  close(error: FanoutError): void {
    this.#closed = error;
    for (const pending of this.#pending.values()) pending.settle(error);
  }

  reopen(): void {
    this.#closed = undefined;
  }

  #send(pending: Pending): void {
    if (pending.sent || !this.#line.ready) return;
    pending.sent = true;
    this.#line.send(pending.frame);
  }
}

export interface Blamed {
  readonly size: number;
  fail(error: FanoutError): void;
}

export function largestOf(candidates: Blamed[]): Blamed | undefined {
  return candidates.reduce<Blamed | undefined>((most, next) => (most && most.size >= next.size ? most : next), undefined);
}

/** @throws FanoutError `bad_message` where the payload has no form on the wire. */
export function encode(codec: Codec, message: Outbound): Frame {
  try {
    return codec.encode(message);
  } catch (cause) {
    throw new FanoutError('bad_message', `The payload cannot be encoded: ${(cause as Error).message}`, { cause });
  }
}

/** Bytes on the wire. */
export function sizeOf(frame: Frame): number {
  return typeof frame === 'string' ? new TextEncoder().encode(frame).length : frame.byteLength;
}
