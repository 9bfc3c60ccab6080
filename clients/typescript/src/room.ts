import { Backoff } from './backoff.js';
import { Timer } from './clock.js';
import { nodeError, unreadable, type CommandOptions, type Commands, type Line } from './commands.js';
import { Emitter, type ListenOptions, type Listener } from './emitter.js';
import { FanoutError, abortError, onAbort } from './errors.js';
import { Members, type PresenceChange, type PresencePage } from './members.js';
import type { Settings } from './options.js';
import { runOut } from './patience.js';
import type { Outbox, PublishOptions, Published } from './outbox.js';
import type { HistoryOptions, HistoryPage, JoinOptions, Joined, Reset, RoomEvents, RoomOptions, RoomState } from './roomTypes.js';
import { MessageStream, type StreamOptions } from './stream.js';
import { present, type ErrorPayload, type Inbound, type Member, type Message, type Position } from './wire.js';

/** What a room needs of its client. @internal */
export interface RoomHost {
  readonly settings: Settings;
  readonly line: Line;
  readonly commands: Commands;
  readonly outbox: Outbox;
  /** Why the client is closed, for good or until it connects again. */
  closed(): FanoutError | undefined;
  /** Something hangs on the room, or not any more. */
  keep(room: Room): void;
  message(message: Message): void;
  handlerFailed(cause: unknown): void;
  fault(error: FanoutError): void;
}

/** Somebody who waits for the join. */
type Waiter = (outcome: Joined | FanoutError) => void;

const position = (epoch: string | undefined, offset: number | undefined): Position | undefined =>
  epoch === undefined || offset === undefined ? undefined : { epoch, offset };

/** As decoded, it is nobody else's yet. */
function place(message: { position?: Position }, at: Position | undefined): void {
  if (at) message.position = at;
}

/** Every connection is in it, and nobody joins or leaves it. */
export const AllRoom = '$all';

/**
 * One room. That you are in it is a wish that outlives connections: it is joined again after each reconnect, behind the last message that
 * came, so that every message is seen once.
 */
export class Room<T = unknown, I = unknown> extends Emitter<RoomEvents<T, I>> {
  readonly name: string;
  readonly #host: RoomHost;
  readonly #options: RoomOptions = {};
  readonly #members = new Members();
  readonly #streams = new Set<MessageStream<Message<T>>>();
  readonly #waiters = new Set<Waiter>();
  readonly #backoff: Backoff;
  readonly #retry: Timer;
  readonly #membersRetry: Timer;
  /** Somebody called `join`, so that the last unsubscribe does not leave. */
  #kept = false;
  #subscriptions = 0;
  #wanted = false;
  #state: RoomState = 'left';
  /** On this connection. What comes for a room that we are not in has no place in its order. */
  #member = false;
  #entering = false;
  /** Whether the last join asked for notices; the handshake cannot. */
  #noticesAsked = false;
  /** Counts joins and leaves, so that an answer to an older one is known. */
  // From 1 on: 0 stands for no turn in `#queried`.
  #turn = 1;
  /** The turn that the handshake's answer, which has no id, is due for; 0: none is due. */
  #queried = 0;
  #position: Position | undefined;
  #joined: Joined | undefined;

  /** @internal */
  constructor(name: string, host: RoomHost) {
    super(cause => host.handlerFailed(cause));
    this.name = name;
    this.#host = host;
    this.#backoff = new Backoff(host.settings);
    this.#retry = new Timer(host.settings.clock);
    this.#membersRetry = new Timer(host.settings.clock);
  }

  get state(): RoomState {
    return this.#state;
  }

  /** The last message that came, which a loop may not have seen yet; what to store is `message.position`. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Who is here, by `clientId`; kept up to date with `presence`. */
  get members(): ReadonlyMap<string, Member<I>> {
    return this.#members.view as ReadonlyMap<string, Member<I>>;
  }

  override on<K extends keyof RoomEvents>(event: K, listener: Listener<RoomEvents<T, I>[K]>, options?: ListenOptions): () => void {
    const off = super.on(event, listener, options);
    this.#keep();
    return off;
  }

  /** Joins, and stays until `leave()`. */
  join(options: JoinOptions = {}): Promise<Joined> {
    const { signal } = options;
    const closed = this.#host.closed();
    if (closed) return Promise.reject(closed);
    if (signal?.aborted) return Promise.reject(abortError(signal));
    this.#kept = true;
    if (this.#member && this.#joined) return Promise.resolve(this.#joined);
    return new Promise<Joined>((resolve, reject) => {
      const waiter: Waiter = outcome => {
        end();
        this.#waiters.delete(waiter);
        if (outcome instanceof FanoutError) reject(outcome);
        else resolve(outcome);
      };
      const end = runOut(this.#host.settings.clock, options, `Not in '${this.name}'`, waiter);
      this.#waiters.add(waiter);
      this.#want();
    });
  }

  /** Leaves, and forgets the position. */
  async leave(options: CommandOptions = {}): Promise<void> {
    const told = this.#host.line.ready && (this.#member || this.#entering);
    this.#kept = false;
    this.#forget();
    this.#tell(new FanoutError('removed', `'${this.name}' was left.`, { room: this.name }));
    for (const stream of [...this.#streams]) stream.end();
    if (!told) return;
    try {
      await this.#host.commands.run({ type: 'leave', room: this.name }, 'never', options);
    } catch (cause) {
      // The end of a connection is a leave too, and a join that was refused needs none.
      if (!['connection_lost', 'not_joined', 'closed'].includes((cause as FanoutError).code)) throw cause;
    }
  }

  /** Joins, and calls for each message. The function that comes back ends it; the last one to end leaves, unless `join()` was called. */
  subscribe(listener: Listener<Message<T>>, options: ListenOptions = {}): () => void {
    const { signal } = options;
    if (signal?.aborted) return () => {};
    const off = this.on('message', listener);
    const release = this.#hold();
    const end = (): void => {
      quiet();
      off();
      release();
    };
    const quiet = onAbort(signal, end);
    return end;
  }

  /** Joins, and gives the messages to `for await`. Ends when the room is left or the client is closed. */
  messages(options: StreamOptions = {}): MessageStream<Message<T>> {
    let [off, release] = [(): void => {}, (): void => {}];
    const stream: MessageStream<Message<T>> = new MessageStream(options, () => {
      off();
      this.#streams.delete(stream);
      release();
    });
    const closed = this.#host.closed();
    if (closed) stream.end(closed);
    else {
      this.#streams.add(stream);
      release = this.#hold();
      off = onAbort(options.signal, () => stream.end());
    }
    return stream;
  }

  [Symbol.asyncIterator](): MessageStream<Message<T>> {
    return this.messages();
  }

  /** Publishes; resolves when the backplane has the message. Waits where there is no connection. You need not be a member. */
  publish(payload: T, options?: PublishOptions): Promise<Published> {
    return this.#host.outbox.publish(this.name, payload, options);
  }

  /** One page of the room's history, oldest first. */
  async history(options: HistoryOptions = {}): Promise<HistoryPage<T>> {
    const { since, limit } = options;
    const answer = await this.#host.commands.run(
      { type: 'history', room: this.name, payload: { since, limit } }, 'again', options);
    const { epoch, offset, messages, more } = answer.payload as { epoch?: string; offset?: number; messages: Message<T>[]; more: boolean };
    for (const message of messages) place(message, position(epoch, message.offset));
    return present<HistoryPage<T>>({
      messages,
      position: position(epoch, offset),
      next: more ? messages.at(-1)?.position : undefined,
    });
  }

  /**
   * The room's history, page by page.
   * @param options `upTo`: stops behind this position. After a `reset`, give its position: what comes live stands behind it.
   */
  async *replay(options: HistoryOptions & { upTo?: Position | undefined } = {}): AsyncGenerator<Message<T>, void, undefined> {
    const { upTo } = options;
    let { since } = options;
    do {
      const page = await this.history({ ...options, since });
      for (const message of page.messages) {
        if (upTo && upTo.epoch === page.position?.epoch && message.offset! > upTo.offset) return;
        yield message;
      }
      since = page.next;
    } while (since);
  }

  /** How many are here, and who: one page, as the node tells it. */
  async presence(options: CommandOptions & { count?: boolean; after?: string | undefined; limit?: number } = {}): Promise<PresencePage<I>> {
    const { count, after, limit } = options;
    const payload = { count, after, limit };
    return (await this.#host.commands.run({ type: 'presence', room: this.name, payload }, 'again', options)).payload as PresencePage<I>;
  }

  /** Adds what a later `client.room(name, options)` asks for. @internal */
  extend(options: RoomOptions): void {
    if (options.presence && !this.#options.presence) {
      this.#options.presence = true;
      if (this.#member) this.#sendJoin();
    }
    if (this.#joined) return;
    if (options.last !== undefined) this.#options.last = options.last;
    if (options.since) this.#position = options.since;
    this.#keep();
  }

  /** Whether nothing hangs on it: it could be made anew and nobody would notice. @internal */
  get idle(): boolean {
    return !(this.#wanted || this.#member || this.#queried || this.#joined || this.#position || Object.keys(this.#options).length || this.heard);
  }

  /**
   * As in `rooms=` of the handshake; undefined where a `join` is better, since it can ask for notices. A user's own room is joined by the
   * handshake in any case, so here alone it can say where to begin. @internal
   */
  get queryItem(): string | undefined {
    const { name } = this;
    if (!this.#wanted || name === AllRoom || (this.#options.presence && !name.startsWith('$user.'))) return undefined;
    const { epoch = '', offset = this.#joined ? undefined : this.#options.last } = this.#position ?? {};
    return offset === undefined ? name : `${name};${epoch};${offset}`;
  }

  /** Whether publishes should wait for a join that is on its way. @internal */
  get entering(): boolean {
    return this.#wanted && !this.#member && this.name !== AllRoom;
  }

  /** @param joining whether the handshake has named the room. @internal */
  connected(joining: boolean): void {
    if (joining) {
      this.#entering = true;
      this.#noticesAsked = false;
      this.#queried = ++this.#turn;
      // It was left while the handshake was under way.
      if (!this.#wanted) this.#leaveSilently();
    } else {
      this.#enter();
    }
  }

  /** It was the own room of a user who is another one now: nothing comes of it any more. @internal */
  userChanged(): void {
    if (this.#wanted) this.#putOut('the user has changed');
  }

  /** The node joins a user's own room by itself. @internal */
  adopt(): void {
    this.#wanted = this.#kept = true;
    this.#keep();
    this.#setState('joining');
  }

  /** @internal */
  lost(): void {
    this.#member = this.#entering = false;
    this.#queried = 0;
    this.#turn++;
    this.#retry.clear();
    this.#membersRetry.clear();
    this.#members.abandon();
    this.#keep();
    if (this.#wanted) this.#setState('joining');
  }

  /** @internal */
  closed(error: FanoutError, byUs: boolean): void {
    this.lost();
    this.#setState('left');
    this.#tell(error);
    // Loops are over. What still listens is joined again by another `connect()`, and the position stays for those that come back.
    this.#wanted = false;
    for (const stream of [...this.#streams]) stream.end(byUs ? undefined : error);
    this.#wanted = this.#kept || this.#subscriptions > 0;
  }

  /** The client connects again after it was closed by the node. @internal */
  reopened(): void {
    if (this.#wanted) this.#setState('joining');
  }

  /** What the node says about this room without an `id`. @internal */
  received(message: Inbound): void {
    switch (message.type) {
      case 'message':
        return this.#message(message as unknown as Message<T>);
      case 'joined':
      case 'error': {
        const error = message.type === 'error' && nodeError(message.payload as ErrorPayload, this.name);
        const due = this.#queried;
        this.#queried = 0;
        if (due !== this.#turn) {
          // The room has been left since, and a join of our own may be on its way, which begins elsewhere; or the handshake had no part in it.
          if (error && !due) this.#report(error);
        } else if (error) this.#refused(error);
        else this.#enteredWith(message);
        return;
      }
      case 'left':
        if (this.#member) this.#putOut((message.payload as { reason?: string } | undefined)?.reason);
        return;
      case 'reset':
        if (!this.#member) return;
        this.#position = message.payload as Position;
        this.emit('reset', { room: this.name, reason: 'reset', position: this.#position });
        return this.#readMembers();
      case 'presence.join':
      case 'presence.leave': {
        if (!this.#member) return;
        const change: PresenceChange<I> = { kind: message.type === 'presence.join' ? 'join' : 'leave', member: message.payload as Member<I> };
        this.#members.notice(change);
        this.emit('presence', change);
        this.emit('members', this.members);
        return;
      }
    }
  }

  #message(message: Message<T>): void {
    if (this.name !== AllRoom) {
      if (!this.#member) return;
      const { offset } = message;
      if (offset !== undefined && this.#position) {
        if (offset <= this.#position.offset) return;
        place(message, (this.#position = { epoch: this.#position.epoch, offset }));
      }
    }
    this.#host.message(message);
    this.emit('message', message);
    for (const stream of [...this.#streams]) stream.push(message);
  }

  #hold(): () => void {
    this.#subscriptions++;
    this.#want();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#subscriptions === 0 && !this.#kept && this.#wanted) {
        this.#leaveSilently();
      }
    };
  }

  #leaveSilently(): void {
    this.leave().catch((error: FanoutError) => this.#host.fault(error));
  }

  #want(): void {
    if (!this.#wanted) {
      this.#wanted = true;
      this.#keep();
      // Where the node has sent us away, it waits for another `connect()`.
      if (!this.#host.closed()) this.#setState('joining');
    }
    this.#enter();
  }

  #enter(): void {
    if (this.#wanted && !this.#member && !this.#entering && this.#host.line.ready && this.name !== AllRoom) this.#sendJoin();
  }

  #sendJoin(): void {
    const { presence, last } = this.#options;
    const since = this.#member ? undefined : this.#position ?? (this.#joined || last === undefined ? undefined : { last });
    const turn = ++this.#turn;
    if (!this.#member) this.#entering = true;
    this.#noticesAsked = presence === true;
    this.#host.commands.call(
      { type: 'join', room: this.name, payload: { since, presence } }, 'never', { timeoutMs: Infinity },
      outcome => {
        if (turn !== this.#turn) return;
        if (!(outcome instanceof FanoutError)) this.#enteredWith(outcome);
        else if (!this.#member) this.#refused(outcome);
        else this.#report(outcome);
      });
  }

  #enteredWith(message: Inbound): void {
    // The answer to a join in a room that we were in already tells where the room is, not where we are (docs/protocol.md, 9.1).
    if (this.#member) return this.#readMembers();
    if (!message.payload) {
      // We are in, but where it began is not known: it begins again.
      const error = unreadable(message, this.name, true);
      this.#host.fault(error);
      return this.#refused(error);
    }
    const { epoch, offset, recovered, count } = message.payload as { epoch?: string; offset?: number; recovered: boolean; count: number };
    this.#member = true;
    this.#entering = false;
    this.#backoff.reset();
    const resumed = this.#position !== undefined || this.#joined !== undefined;
    this.#position = position(epoch, offset);
    const joined = present<Joined>({ room: this.name, recovered, count, first: !this.#joined, position: this.#position });
    this.#joined = joined;
    this.#setState('joined');
    this.emit('joined', joined);
    if (resumed && recovered) this.emit('recovered', joined);
    if (resumed && !recovered) this.emit('reset', present<Reset>({ room: this.name, reason: 'not_recovered', position: this.#position }));
    this.#tell(joined);
    // A listener may have left it.
    if (!this.#member) return;
    if (this.#options.presence && !this.#noticesAsked) this.#sendJoin();
    else this.#readMembers();
    this.#host.outbox.opened(this.name);
  }

  #refused(error: FanoutError): void {
    if (error.code === 'connection_lost' || error.code === 'closed') return;
    if (error.code === 'already_joined') {
      // A join of ours came through although its answer said otherwise. Where it began is not known, so it begins again.
      void this.#host.commands.run({ type: 'leave', room: this.name }, 'never').catch(() => {});
      return this.#sendJoin();
    }
    if (error.retryable) {
      return this.#retry.set(Math.max(error.retryAfterMs ?? 0, this.#backoff.next()), () => {
        this.#entering = false;
        this.#enter();
      });
    }
    this.#drop();
    for (const stream of [...this.#streams]) stream.end(error);
    // Who waits for the join is told by it.
    if (this.#waiters.size > 0) this.#tell(error);
    else this.#report(error);
  }

  #readMembers(): void {
    if (!this.#options.presence || !this.#member) return;
    this.#members.read(after => this.presence({ limit: 1_000, after })).then(
      fresh => {
        if (fresh) this.emit('members', this.members);
      },
      (error: FanoutError) => {
        if (!this.#member) return;
        if (error.retryable) this.#membersRetry.set(Math.max(error.retryAfterMs ?? 0, this.#host.settings.minDelayMs), () => this.#readMembers());
        else this.#report(error);
      });
  }

  #putOut(reason = ''): void {
    const { name: room } = this;
    const error = new FanoutError('removed', `Put out of '${room}': ${reason}`, { room });
    this.#kept = false;
    // Before anybody hears of it: who joins again in a listener waits for another join.
    this.#tell(error);
    this.#drop();
    this.emit('left', { room, reason });
    for (const stream of [...this.#streams]) stream.end(error);
  }

  #forget(): void {
    this.#position = undefined;
    this.#joined = undefined;
    this.#drop();
  }

  /** Not wanted any more, and not in it. */
  #drop(): void {
    this.#wanted = this.#member = this.#entering = false;
    this.#turn++;
    this.#retry.clear();
    this.#membersRetry.clear();
    this.#members.clear();
    this.#keep();
    this.#setState('left');
    // What waited for the join waits no longer.
    this.#host.outbox.opened(this.name);
  }

  #keep(): void {
    this.#host.keep(this as unknown as Room);
  }

  #tell(outcome: Joined | FanoutError): void {
    for (const waiter of this.#waiters) waiter(outcome);
  }

  #report(error: FanoutError): void {
    this.emit('error', error);
    this.#host.fault(error);
  }

  #setState(state: RoomState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit('state', state);
  }
}
