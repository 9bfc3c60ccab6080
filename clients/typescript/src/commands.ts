import { FanoutError, abortError } from './errors.js';
import type { Settings } from './options.js';
import { runOut } from './patience.js';
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

/** Of a payload that may be rubbish: whoever waits for the answer is told in any case. */
export function nodeError(payload: ErrorPayload | undefined, room?: string): FanoutError {
  return new FanoutError(payload?.code ?? 'internal', payload?.message ?? '', { ...payload, room });
}

/** A message of the node that is none. */
export const unreadable = (cause: unknown, room?: string, retryable?: boolean): FanoutError =>
  new FanoutError('bad_message', 'A message of the node could not be read.', { cause, room, retryable });

/** Commands that wait for their answer, or for a connection. */
export class Commands {
  readonly #line: Line;
  readonly #settings: Settings;
  readonly #pending = new Map<string, Pending>();
  /**
   * Sent, and given up by those who asked. They keep their places until they are answered, so that a peer that does not read is not sent
   * more and more of them.
   */
  readonly #late = new Set<string>();
  #count = 0;
  #closed: FanoutError | undefined;

  constructor(line: Line, settings: Settings) {
    this.#line = line;
    this.#settings = settings;
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
    const { codec, clock, requestTimeoutMs } = this.#settings;
    const { signal, timeoutMs = requestTimeoutMs } = options;
    if (this.#closed) return told(this.#closed);
    if (signal?.aborted) return told(abortError(signal));
    if (this.#pending.size + this.#late.size >= MaxPending) {
      return told(new FanoutError('buffer_full', `${MaxPending} commands are waiting; no more may.`, { retryable: true }));
    }
    const id = `c${++this.#count}`;
    const pending: Pending = {
      frame: encode(codec, { ...command, id }),
      resend,
      sent: false,
      settle: outcome => {
        this.#pending.delete(id);
        end();
        told(outcome);
      },
    };
    this.#pending.set(id, pending);
    const end = runOut(clock, { signal, timeoutMs }, `No answer to '${command.method ?? command.type}'`, error => {
      if (pending.sent) this.#late.add(id);
      pending.settle(error);
    });
    this.#send(pending);
  }

  /** Whether the message answers one of ours. */
  answered(message: Inbound): boolean {
    const { id = '', type, payload, room } = message;
    const pending = this.#pending.get(id);
    pending?.settle(type === 'error' ? nodeError(payload as ErrorPayload, room) : message);
    return this.#late.delete(id) || pending !== undefined;
  }

  connected(): void {
    for (const pending of this.#pending.values()) this.#send(pending);
  }

  lost(): void {
    this.#late.clear();
    for (const pending of this.#pending.values()) {
      if (!pending.sent) continue;
      if (pending.resend === 'again') pending.sent = false;
      else pending.settle(new FanoutError('connection_lost', 'The connection ended before the answer: it may have happened.', { retryable: true }));
    }
  }

  /** Those without an answer. */
  get suspects(): Suspect[] {
    return [...this.#pending.values()].filter(pending => pending.sent).map(pending => ({
      size: sizeOf(pending.frame), fail: error => pending.settle(error),
    }));
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

/** A message that may have been too large for the node. */
export interface Suspect {
  readonly size: number;
  fail(error: FanoutError): void;
}

/** @throws FanoutError `bad_message` where the payload has no form on the wire. */
export function encode(codec: Codec, message: Outbound): Frame {
  try {
    return codec.encode(message);
  } catch (cause) {
    throw new FanoutError('bad_message', `Cannot be encoded: ${String(cause)}`, { cause });
  }
}

/** Bytes on the wire. */
export function sizeOf(frame: Frame): number {
  return (typeof frame === 'string' ? new TextEncoder().encode(frame) : frame).length;
}
