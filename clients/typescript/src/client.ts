import { CloseCode } from './codes.js';
import { Commands, nodeError, present, type Blamed, type CommandOptions } from './commands.js';
import { Connector, type ConnectionState } from './connector.js';
import { Emitter, type ListenOptions } from './emitter.js';
import { FanoutError } from './errors.js';
import { settle, type FanoutClientOptions } from './options.js';
import { Outbox, type PublishOptions, type Published } from './outbox.js';
import { AllRoom, Room, type RoomHost, type RoomOptions } from './room.js';
import { isRoomName, userRoomName } from './roomNames.js';
import type { Ending } from './socket.js';
import { abortable } from './stream.js';
import type { BackplaneState, Connected, ErrorPayload, Inbound, Message } from './wire.js';

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
  readonly #rooms = new Map<string, Room>();
  readonly #host: RoomHost;
  #info: Connected | undefined;
  #backplane: BackplaneState | undefined;
  #queried = new Set<string>();
  #closedByUs = false;
  #error: FanoutError | undefined;

  constructor(options: FanoutClientOptions) {
    super(cause => this.#handlerFailed(cause));
    const settings = settle(options);
    const { clock, codec, random } = settings;
    this.#connector = new Connector(settings, {
      query: maxLength => this.#query(maxLength),
      connected: info => this.#connected(info),
      received: message => this.#received(message),
      lost: ending => this.#lost(ending),
      waiting: (delayMs, attempt, cause) => this.emit('reconnecting', { delayMs, attempt, cause }),
      state: (state, error) => this.#changed(state, error),
      fault: error => this.#fault(error),
    });
    this.#commands = new Commands(this.#connector, codec, clock, settings.requestTimeoutMs);
    this.#outbox = new Outbox(
      this.#connector, codec, clock,
      { maxWaiting: settings.maxBufferedPublishes, retryMs: settings.publishRetryMs, backoff: settings, random },
      room => !this.#rooms.get(room)?.entering);
    this.#host = {
      clock, random, line: this.#connector, commands: this.#commands, outbox: this.#outbox, backoff: settings,
      message: message => this.emit('message', message),
      handlerFailed: cause => this.#handlerFailed(cause),
      fault: error => this.#fault(error),
    };
  }

  get state(): ConnectionState {
    return this.#state;
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
      const done = [
        this.on('connected', info => (end(), resolve(info))),
        this.on('closed', error => (end(), reject(error))),
      ];
      const end = (): void => done.forEach(off => off());
    });
    if (this.#connector.state === 'closed' || this.#connector.state === 'idle') {
      this.#error = undefined;
      this.#commands.reopen();
      this.#outbox.reopen();
      for (const room of this.#rooms.values()) room.reopened();
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
   * @throws FanoutError `bad_room` where no room can have this name.
   */
  room<T = unknown, I = unknown>(name: string, options: RoomOptions = {}): Room<T, I> {
    if (!isRoomName(name)) {
      throw new FanoutError('bad_room', `'${name}' is no room name: 1 to 128 of A-Z a-z 0-9 . _ : @ = -, or $ in front.`, { room: name });
    }
    let room = this.#rooms.get(name);
    if (room) room.extend(options);
    else this.#rooms.set(name, (room = new Room(name, options, this.#host)));
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

  /** Takes a new token of the provider now, such as after the user's rights have changed. */
  refreshToken(): Promise<void> {
    return this.#connector.renew('refresh', token => this.#refresh(token));
  }

  get #state(): ConnectionState {
    return this.#connector.state;
  }

  #query(maxLength: number): string {
    this.#queried = new Set();
    let rooms = '';
    for (const room of this.#rooms.values()) {
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
    if (before !== undefined && before !== info.userId) this.#rooms.delete(userRoomName(before));
    if (info.userId !== undefined) {
      const own = userRoomName(info.userId);
      if (info.rooms.includes(own)) {
        this.room(own).adopt();
        queried.add(own);
      }
    }
    for (const room of this.#rooms.values()) room.connected(queried.has(room.name));
    this.#commands.connected();
    this.#outbox.connected(info.limits.maxMessageBytes);
  }

  #received(message: Inbound): void {
    if (message.id !== undefined && message.type !== 'message' && (this.#commands.answered(message) || this.#outbox.answered(message))) return;
    const { room } = message;
    switch (message.type) {
      case 'backplane':
        this.#backplane = (message.payload as { state: BackplaneState }).state;
        this.emit('backplane', this.#backplane);
        return;
      case 'drain': {
        const { reconnectAfterMs } = message.payload as { reconnectAfterMs: number };
        this.emit('drain', { reconnectAfterMs });
        return this.#connector.drain(reconnectAfterMs);
      }
      case 'expiring':
        return this.#connector.keepFresh(token => this.#refresh(token));
      case 'error':
        // With an id it answers a caller who has left; without a room there is nobody else to tell.
        if (message.id === undefined && room === undefined) this.#fault(nodeError(message.payload as ErrorPayload));
    }
    if (room === undefined || (message.id !== undefined && message.type !== 'message')) return;
    (room === AllRoom ? (this.room(AllRoom) as Room) : this.#rooms.get(room))?.received(message);
  }

  async #refresh(token: string): Promise<void> {
    await this.#commands.run({ type: 'refresh', payload: { token } }, 'never');
  }

  #lost(ending: Ending): void {
    const { code, reason } = ending;
    if (code === CloseCode.TooLarge) this.#blame();
    this.#commands.lost();
    this.#outbox.lost();
    for (const room of this.#rooms.values()) room.lost();
    this.emit('disconnected', { code, reason });
  }

  /** A message was over the limit: the largest without an answer. It would end every connection, so it is not sent again. */
  #blame(): void {
    const [command, publish] = [this.#commands.largest(), this.#outbox.largest()];
    const blamed: Blamed | undefined = (command?.size ?? -1) > (publish?.size ?? -1) ? command : publish;
    blamed?.fail(new FanoutError(
      'too_large', `The node closed with 1009; this message of ${blamed.size} bytes was the largest: given up.`,
      { closeCode: CloseCode.TooLarge }));
  }

  #changed(state: ConnectionState, error: FanoutError | undefined): void {
    const previous = this.#previous;
    this.#previous = state;
    if (state === 'closed' && error) {
      this.#error = error;
      const reported = error.code === 'closed' ? error : new FanoutError('closed', `The client is closed: ${error.message}`, { cause: error });
      this.#commands.close(reported);
      this.#outbox.close(reported);
      for (const room of this.#rooms.values()) room.closed(reported, this.#closedByUs);
    }
    this.emit('state', present<StateChange>({ state, previous, error }));
    if (state === 'connected') this.emit('connected', this.#info!);
    if (state === 'closed' && error) this.emit('closed', error);
  }

  #previous: ConnectionState = 'idle';

  #handlerFailed(cause: unknown): void {
    this.#fault(new FanoutError('handler_failed', `A listener threw: ${(cause as Error | undefined)?.message ?? String(cause)}`, { cause }));
  }

  #faulting = false;

  #fault(error: FanoutError): void {
    // A listener of `error` that throws must not be told of itself for ever.
    if (!this.#faulting) {
      this.#faulting = true;
      const heard = this.emit('error', error);
      this.#faulting = false;
      if (heard) return;
    }
    console.error(error);
  }
}
