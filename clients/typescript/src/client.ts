import { TooLarge } from './codes.js';
import { Commands, nodeError, type CommandOptions } from './commands.js';
import { Connector, type ConnectionState } from './connector.js';
import { Emitter, type ListenOptions } from './emitter.js';
import { FanoutError, abortable } from './errors.js';
import { settle, type FanoutClientOptions } from './options.js';
import { Outbox, type PublishOptions, type Published } from './outbox.js';
import { AllRoom, Room, type RoomHost } from './room.js';
import { isRoomName, userRoomName } from './roomNames.js';
import type { RoomOptions } from './roomTypes.js';
import type { Ending } from './socket.js';
import { present, type BackplaneState, type Connected, type ErrorPayload, type Inbound, type Message } from './wire.js';

export interface StateChange {
  readonly state: ConnectionState;
  readonly previous: ConnectionState;
  /** Why, where something went wrong. */
  readonly error?: FanoutError;
}

export interface Reconnecting {
  readonly delayMs: number;
  /** Failed attempts so far; 0 where the node asked us to come back at once. */
  readonly attempt: number;
  readonly cause: FanoutError;
}

export interface ClientEvents {
  state: StateChange;
  /** On every connection, the first included. */
  connected: Connected;
  /** A connection has ended. */
  disconnected: { readonly code: number; readonly reason: string };
  /** Before each wait for the next attempt. */
  reconnecting: Reconnecting;
  /** For good: after `close()`, or because of what `error` says. */
  closed: FanoutError;
  backplane: BackplaneState;
  /** The node is about to stop; we go elsewhere after so long. */
  drain: { readonly reconnectAfterMs: number };
  /** The messages of all rooms that we are in, each once. */
  message: Message;
  /** What failed and no caller waits for: a refused join, a token that could not be refreshed, a listener that threw. */
  error: FanoutError;
}

export interface RequestOptions extends CommandOptions {
  /** The trace that the request belongs to (W3C Trace Context); the node's spans, and the back end's, continue it. */
  traceparent?: string | undefined;
}

/**
 * A connection to Fanout that comes back by itself. Nothing is sent before `connect()`; rooms, publishes and requests may be asked for at
 * any time and wait for the connection.
 */
export class FanoutClient extends Emitter<ClientEvents> {
  readonly #connector: Connector;
  readonly #commands: Commands;
  readonly #outbox: Outbox;
  /**
   * Weakly: a program may go through any number of names, and still gets the same room for the same name as long as it holds one.
   */
  readonly #rooms = new Map<string, WeakRef<Room>>();
  readonly #gone = new FinalizationRegistry<string>(name => this.#find(name) ?? this.#rooms.delete(name));
  /** Those that something hangs on: a membership, a listener, a position. */
  readonly #kept = new Set<Room>();
  readonly #host: RoomHost;
  #info: Connected | undefined;
  #backplane: BackplaneState | undefined;
  #queried = new Set<string>();
  #closedByUs = false;
  #error: FanoutError | undefined;

  constructor(options: FanoutClientOptions) {
    super((cause, event) => this.#handlerFailed(cause, event === 'error'));
    const settings = settle(options);
    this.#connector = new Connector(settings, {
      query: maxLength => this.#query(maxLength),
      connected: info => this.#connected(info),
      received: message => this.#received(message),
      lost: ending => this.#lost(ending),
      waiting: (delayMs, attempt, cause) => this.emit('reconnecting', { delayMs, attempt, cause }),
      state: (state, error) => this.#changed(state, error),
      fault: error => this.#fault(error),
    });
    this.#commands = new Commands(this.#connector, settings);
    this.#outbox = new Outbox(this.#connector, settings, room => !this.#find(room)?.entering);
    this.#host = {
      settings, line: this.#connector, commands: this.#commands, outbox: this.#outbox,
      closed: () => this.#error && reported(this.#error),
      keep: room => void (room.idle ? this.#kept.delete(room) : this.#kept.add(room)),
      message: message => this.emit('message', message),
      handlerFailed: cause => this.#handlerFailed(cause),
      fault: error => this.#fault(error),
    };
  }

  get state(): ConnectionState {
    return this.#connector.state;
  }

  /** What the node said when it let us in; undefined without a connection. */
  get info(): Connected | undefined {
    return this.#connector.ready ? this.#info : undefined;
  }

  /** Whether our node reaches the others; undefined without a connection. */
  get backplane(): BackplaneState | undefined {
    return this.#connector.ready ? this.#backplane : undefined;
  }

  /** Publishes that wait for their acknowledgement. */
  get buffered(): number {
    return this.#outbox.size;
  }

  /** Why the client is closed, or undefined. */
  get error(): FanoutError | undefined {
    return this.#error;
  }

  /**
   * Connects, and from then on stays connected as far as it can. Resolves with the first connection, however many attempts it takes;
   * rejects when the client is closed first. The signal ends the waiting, not the client.
   */
  connect(options: ListenOptions = {}): Promise<Connected> {
    if (this.#closedByUs) return Promise.reject(this.#error);
    if (this.info) return Promise.resolve(this.info);
    const connected = new Promise<Connected>((resolve, reject) => {
      const off = this.on('state', ({ state, error }) => {
        if (state === 'connected') resolve(this.#info!);
        else if (state === 'closed') reject(error);
        else return;
        off();
      });
    });
    if (this.state === 'closed' || this.state === 'idle') {
      this.#error = undefined;
      this.#commands.reopen();
      this.#outbox.reopen();
      for (const room of this.#kept) room.reopened();
      this.#connector.start();
    }
    return abortable(connected, options.signal);
  }

  /**
   * Ends for good: what still waits fails with `closed`. Resolves when the node has answered the good bye, or has not for 2 s.
   * `await client.flush()` first if everything published should go out.
   */
  close(): Promise<void> {
    this.#closedByUs = true;
    return this.#connector.stop(new FanoutError('closed', 'The client was closed.'));
  }

  /** Resolves when no publish waits for its acknowledgement any more. */
  flush(options: ListenOptions = {}): Promise<void> {
    return abortable(this.#outbox.empty(), options.signal);
  }

  /**
   * The room of this name; always the same object. It is joined by `join`, `subscribe` or `for await`, not by this.
   * @throws FanoutError `bad_room` where no room can have this name: 1 to 128 of A-Z a-z 0-9 . _ : @ = -, perhaps with $ in front.
   */
  room<T = unknown, I = unknown>(name: string, options: RoomOptions = {}): Room<T, I> {
    if (!isRoomName(name)) {
      throw new FanoutError('bad_room', `'${name}' is no room name.`, { room: name });
    }
    let room = this.#find(name);
    if (!room) {
      room = new Room(name, this.#host);
      this.#rooms.set(name, new WeakRef(room));
      this.#gone.register(room, name);
    }
    room.extend(options);
    return room as unknown as Room<T, I>;
  }

  /**
   * The room that reaches all connections of this user; the node joins it by itself. The user is known from the first connection on.
   * @throws FanoutError `unauthorized` before that, or for an anonymous client.
   */
  userRoom<T = unknown>(): Room<T> {
    const userId = this.#info?.userId;
    if (userId === undefined) throw new FanoutError('unauthorized', 'There is no user, or not yet.');
    return this.room<T>(userRoomName(userId));
  }

  /** Publishes without a `Room`; as `room.publish`. */
  publish(room: string, payload: unknown, options?: PublishOptions): Promise<Published> {
    return this.#outbox.publish(room, payload, options);
  }

  /** Asks a back end behind the node. Not sent twice: if the connection ends before the answer, it fails with `connection_lost`. */
  async request<R = unknown>(method: string, payload: unknown = {}, options: RequestOptions = {}): Promise<R> {
    const { traceparent } = options;
    return (await this.#commands.run({ type: 'request', method, traceparent, payload }, 'never', options)).payload as R;
  }

  /** Takes a new token of the provider now, such as after the user's rights have changed. Nothing without a connection: the next one asks anyway. */
  async refreshToken(): Promise<void> {
    if (this.#error) throw reported(this.#error);
    if (this.#connector.ready) await this.#connector.renew('refresh', token => this.#refresh(token));
  }

  #find(name: string): Room | undefined {
    return this.#rooms.get(name)?.deref();
  }

  #query(maxLength: number): string {
    this.#queried = new Set();
    let rooms = '';
    for (const room of this.#kept) {
      const item = room.queryItem;
      if (item === undefined) continue;
      const longer = rooms + (rooms && '%2C') + encodeURIComponent(item);
      // What does not fit is joined by `join`.
      if (longer.length + 'rooms='.length > maxLength) continue;
      rooms = longer;
      this.#queried.add(room.name);
    }
    return rooms && `rooms=${rooms}`;
  }

  #connected(info: Connected): void {
    const before = this.#info?.userId;
    this.#info = info;
    this.#backplane = info.backplane;
    const queried = this.#queried;
    if (before !== undefined && before !== info.userId) this.#find(userRoomName(before))?.userChanged();
    if (info.userId !== undefined) {
      const own = userRoomName(info.userId);
      if (info.rooms.includes(own)) {
        this.room(own).adopt();
        queried.add(own);
      }
    }
    // A listener may have closed the client.
    for (const room of this.#kept) if (this.#connector.ready) room.connected(queried.has(room.name));
    this.#commands.connected();
    this.#outbox.connected(info.limits.maxMessageBytes);
  }

  #received(message: Inbound): void {
    const { type, room, payload } = message;
    const answer = message.id !== undefined && type !== 'message';
    if (answer && (this.#commands.answered(message) || this.#outbox.answered(message))) return;
    switch (type) {
      case 'backplane':
        this.emit('backplane', (this.#backplane = (payload as { state: BackplaneState }).state));
        return;
      case 'drain': {
        const { reconnectAfterMs } = payload as { reconnectAfterMs: number };
        this.emit('drain', { reconnectAfterMs });
        return this.#connector.drain(reconnectAfterMs);
      }
      case 'expiring':
        return this.#connector.keepFresh(token => this.#refresh(token));
      case 'error':
        // With an id it answers a caller who has left; without a room there is nobody else to tell.
        if (!answer && room === undefined) this.#fault(nodeError(payload as ErrorPayload));
    }
    if (room === undefined || answer) return;
    (room === AllRoom ? (this.room(AllRoom) as Room) : this.#find(room))?.received(message);
  }

  async #refresh(token: string): Promise<void> {
    const { payload } = await this.#commands.run({ type: 'refresh', payload: { token } }, 'never');
    const { expiresAt } = (payload ?? {}) as Connected;
    if (this.#info) this.#info = present<Connected>({ ...this.#info, expiresAt });
  }

  #lost(ending: Ending): void {
    const { code, reason } = ending;
    if (code === TooLarge) this.#blame();
    this.#commands.lost();
    this.#outbox.lost();
    for (const room of this.#kept) room.lost();
    this.emit('disconnected', { code, reason });
  }

  /** A message was over the limit: the largest without an answer. It would end every connection, so it is not sent again. */
  #blame(): void {
    const [largest] = [...this.#commands.suspects, ...this.#outbox.suspects].sort((one, other) => other.size - one.size);
    largest?.fail(new FanoutError('too_large', `The node closed with 1009, and this was the largest message (${largest.size} bytes).`, { closeCode: TooLarge }));
  }

  #changed(state: ConnectionState, error: FanoutError | undefined): void {
    const previous = this.#previous;
    this.#previous = state;
    if (state === 'closed' && error) {
      this.#error = error;
      const told = reported(error);
      this.#commands.close(told);
      this.#outbox.close(told);
      for (const room of this.#kept) room.closed(told, this.#closedByUs);
    }
    this.emit('state', present<StateChange>({ state, previous, error }));
    const { info } = this;
    if (state === 'connected' && info) this.emit('connected', info);
    if (state === 'closed' && error) this.emit('closed', error);
  }

  #previous: ConnectionState = 'idle';

  /** @param quiet a listener of `error` that throws must not be told of itself for ever. */
  #handlerFailed(cause: unknown, quiet = false): void {
    this.#fault(new FanoutError('handler_failed', `A listener threw: ${String(cause)}`, { cause }), quiet);
  }

  #fault(error: FanoutError, quiet = false): void {
    if (quiet || !this.emit('error', error)) console.error(error);
  }
}

const reported = (error: FanoutError): FanoutError =>
  error.code === 'closed' ? error : new FanoutError('closed', `The client is closed: ${error.message}`, { cause: error });
