import { Backoff } from './backoff.js';
import { Timer } from './clock.js';
import { encode, nodeError, sizeOf, unreadable, type Frame, type Line, type Suspect } from './commands.js';
import { FanoutError, abortError } from './errors.js';
import type { Settings } from './options.js';
import { runOut } from './patience.js';
import { present, type ErrorPayload, type Inbound } from './wire.js';

export interface PublishOptions {
  /** Names this publish, 1 to 128 characters: however often it is sent, it happens once. Random by default. */
  key?: string | undefined;
  /** `false`: the message does not come back to this connection. */
  echo?: boolean | undefined;
  /** The trace that the publish belongs to (W3C Trace Context), such as of your OpenTelemetry; the node's spans continue it. */
  traceparent?: string | undefined;
  /** Stops waiting, and sending where that has not happened yet. */
  signal?: AbortSignal | undefined;
  /** Gives up after so long, time without a connection included. Default: waits as long as the client lives. */
  timeoutMs?: number | undefined;
}

export interface Published {
  readonly room: string;
  readonly messageId: string;
  /** Absent in a room without history. Not a position to resume from. */
  readonly offset?: number;
  readonly epoch?: string;
  /** The key had been used before: the other fields tell of the first publish. */
  readonly duplicate: boolean;
}

/** Keys live for 15 minutes (docs/protocol.md, section 11); a minute is kept back for clocks and the way. */
const KeyLifetimeMs = 14 * 60_000;

/** A publish that was in flight at so many ends of connections in a row is taken for their cause. */
const MaxLostConnections = 10;

interface Entry {
  readonly id: string;
  readonly room: string;
  readonly frame: Frame;
  readonly backoff: Backoff;
  inFlight: boolean;
  firstSentAt: number | undefined;
  firstRefusedAt: number | undefined;
  lostConnections: number;
  /** Nobody waits any more; it keeps its place until its fate is known, since the next one must not overtake it. */
  abandoned: boolean;
  settle(outcome: Published | FanoutError): void;
}

interface RoomQueue {
  readonly entries: Entry[];
  readonly pause: Timer;
}

/**
 * Publishes, from the call to the acknowledgement. One is in flight for each room, so that the order holds over refusals and lost
 * connections; each is encoded once, so that a repetition is the same byte for byte, as its key demands.
 */
export class Outbox {
  readonly #line: Line;
  readonly #settings: Settings;
  /** Whether the room may be published to now: a room that is being joined waits, so that one's own message comes back. */
  readonly #open: (room: string) => boolean;
  readonly #rooms = new Map<string, RoomQueue>();
  readonly #inFlight = new Map<string, Entry>();
  readonly #whenEmpty = new Set<() => void>();
  #size = 0;
  #count = 0;
  #maxMessageBytes = 0;
  #closed: FanoutError | undefined;

  constructor(line: Line, settings: Settings, open: (room: string) => boolean) {
    this.#line = line;
    this.#settings = settings;
    this.#open = open;
  }

  /** Publishes without an acknowledgement. */
  get size(): number {
    return this.#size;
  }

  publish(room: string, payload: unknown, options: PublishOptions = {}): Promise<Published> {
    const { signal, echo, traceparent, key = randomKey() } = options;
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      if (signal?.aborted) return reject(abortError(signal));
      if (payload === undefined) return reject(new FanoutError('bad_message', 'undefined is no payload.', { room }));
      if (!key || key.length > 128) return reject(new FanoutError('bad_message', 'A key has 1 to 128 characters.', { room }));
      if (this.#size >= this.#settings.maxBufferedPublishes) {
        return reject(new FanoutError(
          'buffer_full', `${this.#size} publishes are waiting; no more may.`,
          { retryable: true, room }));
      }

      const id = `p${++this.#count}`;
      const entry: Entry = {
        id,
        room,
        frame: encode(this.#settings.codec, { type: 'publish', id, room, key, echo: echo === false ? echo : undefined, traceparent, payload }),
        backoff: new Backoff(this.#settings),
        inFlight: false,
        firstSentAt: undefined,
        firstRefusedAt: undefined,
        lostConnections: 0,
        abandoned: false,
        settle: outcome => {
          end();
          if (outcome instanceof FanoutError) reject(outcome);
          else resolve(outcome);
        },
      };
      this.#add(entry);
      const end = runOut(this.#settings.clock, options, 'No acknowledgement', error => {
        entry.abandoned = entry.inFlight;
        if (!entry.inFlight) this.#remove(entry);
        entry.settle(error);
        this.#pump(room);
      });
      this.#pump(room);
    });
  }

  /** When nothing waits any more. */
  empty(): Promise<void> {
    return this.#size === 0 ? Promise.resolve() : new Promise(resolve => this.#whenEmpty.add(resolve));
  }

  /** Whether the message answers one of ours. */
  answered(message: Inbound): boolean {
    const entry = this.#inFlight.get(message.id ?? '');
    if (!entry) return false;
    this.#landed(entry);
    if (message.type === 'error') this.#refused(entry, nodeError(message.payload as ErrorPayload, entry.room));
    else {
      const { offset, payload } = message;
      const { room } = entry;
      const { messageId, epoch, duplicate = false } = (payload ?? {}) as { messageId?: string; epoch?: string; duplicate?: boolean };
      this.#finish(entry, messageId === undefined ? unreadable(message, room) : present<Published>({ room, messageId, duplicate, offset, epoch }));
    }
    this.#pump(entry.room);
    return true;
  }

  connected(maxMessageBytes: number): void {
    this.#maxMessageBytes = maxMessageBytes;
    for (const [room, queue] of this.#rooms) {
      // A pause was for the old node's refusal.
      queue.pause.clear();
      this.#pump(room);
    }
  }

  /** Sends what waits for this room, if it may go. */
  opened(room: string): void {
    this.#pump(room);
  }

  lost(): void {
    for (const entry of this.#inFlight.values()) {
      this.#landed(entry);
      // Its caller has left, and whether it happened will never be known.
      if (entry.abandoned) this.#remove(entry);
      else if (++entry.lostConnections >= MaxLostConnections) {
        this.#finish(entry, new FanoutError(
          'connection_lost', `${MaxLostConnections} connections ended: it may have happened.`,
          { room: entry.room }));
      }
    }
  }

  /** Those in flight. */
  get suspects(): Suspect[] {
    return [...this.#inFlight.values()].map(entry => ({
      size: sizeOf(entry.frame),
      fail: error => this.#finish(entry, error),
    }));
  }

  close(error: FanoutError): void {
    this.#closed = error;
    for (const entry of [...this.#rooms.values()].flatMap(queue => queue.entries)) this.#finish(entry, error);
  }

  reopen(): void {
    this.#closed = undefined;
  }

  #pump(room: string): void {
    const queue = this.#rooms.get(room);
    const entry = queue?.entries[0];
    if (!queue || !entry || entry.inFlight || queue.pause.isSet || !this.#line.ready || !this.#open(room)) return;

    const now = this.#settings.clock.now();
    const refusal =
      this.#maxMessageBytes > 0 && sizeOf(entry.frame) > this.#maxMessageBytes
        ? new FanoutError('too_large', `${sizeOf(entry.frame)} bytes; the node takes ${this.#maxMessageBytes}.`, { room })
      : entry.firstSentAt !== undefined && now - entry.firstSentAt > KeyLifetimeMs
        ? new FanoutError('timeout', 'Its key is over: it may have happened.', { room })
      : undefined;
    if (refusal) {
      this.#finish(entry, refusal);
      return this.#pump(room);
    }

    entry.inFlight = true;
    entry.firstSentAt ??= now;
    this.#inFlight.set(entry.id, entry);
    this.#line.send(entry.frame);
  }

  #refused(entry: Entry, error: FanoutError): void {
    const now = this.#settings.clock.now();
    entry.firstRefusedAt ??= now;
    if (entry.abandoned || !error.retryable || now - entry.firstRefusedAt >= this.#settings.publishRetryMs) {
      return this.#finish(entry, error);
    }
    const delay = Math.max(error.retryAfterMs ?? 0, entry.backoff.next());
    this.#rooms.get(entry.room)!.pause.set(delay, () => this.#pump(entry.room));
  }

  #finish(entry: Entry, outcome: Published | FanoutError): void {
    this.#landed(entry);
    this.#remove(entry);
    entry.settle(outcome);
  }

  #landed(entry: Entry): void {
    entry.inFlight = false;
    this.#inFlight.delete(entry.id);
  }

  #add(entry: Entry): void {
    let queue = this.#rooms.get(entry.room);
    if (!queue) this.#rooms.set(entry.room, (queue = { entries: [], pause: new Timer(this.#settings.clock) }));
    queue.entries.push(entry);
    this.#size++;
  }

  #remove(entry: Entry): void {
    const queue = this.#rooms.get(entry.room);
    const at = queue?.entries.indexOf(entry) ?? -1;
    if (!queue || at < 0) return;
    queue.entries.splice(at, 1);
    this.#size--;
    // The pause belonged to the first in the queue.
    if (at === 0) queue.pause.clear();
    if (queue.entries.length === 0) this.#rooms.delete(entry.room);
    if (this.#size > 0) return;
    for (const resolve of this.#whenEmpty) resolve();
    this.#whenEmpty.clear();
  }
}

/** 128 random bits. Not `randomUUID`, which pages without TLS do not have. */
function randomKey(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}
