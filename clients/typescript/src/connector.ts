import { Backoff } from './backoff.js';
import { Timer } from './clock.js';
import { GoingAway, HeartbeatMissed, Normal, TokenExpired, farewell, refusesForGood, staysAway } from './codes.js';
import { unreadable, type Frame, type Line } from './commands.js';
import { FanoutError } from './errors.js';
import { Heartbeat } from './heartbeat.js';
import type { Settings } from './options.js';
import { Socket, type Ending } from './socket.js';
import { Tokens, tokenOver } from './token.js';
import { onWake } from './wake.js';
import type { Connected, Inbound } from './wire.js';

/** `idle` before `connect()`; `connecting` until the first connection; `closed` after `close()`, or when the node sent us away for good. */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed';

export interface ConnectorHooks {
  /** The query of the next handshake, and what it may cost of the request line. */
  query(maxLength: number): string;
  connected(info: Connected): void;
  received(message: Inbound): void;
  lost(ending: Ending): void;
  waiting(delayMs: number, attempt: number, cause: FanoutError): void;
  state(state: ConnectionState, error: FanoutError | undefined): void;
  /** Something failed that no caller waits for. */
  fault(error: FanoutError): void;
}

/** The request line should stay under 8 KiB (docs/protocol.md, 2.4); proxies on the way may add a little. */
const MaxUrlLength = 7_000;

/** A drained node that has not closed so long after its time is not waited for any more. */
const DrainGraceMs = 5_000;

/** How long a good bye is waited for. */
const CloseGraceMs = 2_000;

const PingFrame = { type: 'ping' };

/**
 * Keeps one connection: 1 token -> 2 socket -> 3 `connected` -> 4 talk until the end -> 5 the end decides: stay away, or wait and go on at 1.
 */
export class Connector implements Line {
  readonly #settings: Settings;
  readonly #hooks: ConnectorHooks;
  readonly #tokens: Tokens;
  readonly #backoff: Backoff;
  readonly #heartbeat: Heartbeat;
  readonly #attemptTimer: Timer;
  readonly #waitTimer: Timer;
  readonly #drainTimer: Timer;
  readonly #refreshTimer: Timer;
  #state: ConnectionState = 'idle';
  #socket: Socket | undefined;
  /** Fires when the attempt, or the connection that came of it, is over. */
  #life = new AbortController();
  #ready = false;
  #connectedAt = 0;
  #notBefore = 0;
  #drainAt: number | undefined;
  #lastFreeTry = -Infinity;
  #urlIndex = 0;
  #stopWaking = (): void => {};
  #goodbye: Promise<void> = Promise.resolve();

  constructor(settings: Settings, hooks: ConnectorHooks) {
    const { clock } = settings;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#tokens = new Tokens(settings);
    this.#backoff = new Backoff(settings);
    this.#attemptTimer = new Timer(clock);
    this.#waitTimer = new Timer(clock);
    this.#drainTimer = new Timer(clock);
    this.#refreshTimer = new Timer(clock);
    this.#heartbeat = new Heartbeat(
      clock, settings.pongTimeoutMs,
      () => this.send(settings.codec.encode(PingFrame)),
      () => this.#socket?.abandon({ code: HeartbeatMissed, reason: 'silence' }));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get ready(): boolean {
    return this.#ready;
  }

  send(frame: Frame): void {
    this.#socket?.send(frame);
  }

  /** From `idle` or `closed`. */
  start(): void {
    this.#backoff.reset();
    this.#notBefore = 0;
    this.#stopWaking = onWake(() => this.#wake());
    this.#setState('connecting');
    // A listener may have closed the client, here and wherever something is told.
    if (this.#state === 'connecting') void this.#attempt();
  }

  /** Ends for good; the promise is there when the node has answered the good bye, or has not for 2 s. */
  stop(error: FanoutError): Promise<void> {
    if (this.#state === 'closed') return this.#goodbye;
    const socket = this.#socket;
    const ready = this.#ready;
    this.#clear();
    if (ready) this.#hooks.lost({ code: Normal, reason: 'closed by us' });
    if (socket) {
      const timer = new Timer(this.#settings.clock);
      this.#goodbye = new Promise(resolve => {
        const done = (): void => {
          timer.clear();
          resolve();
        };
        this.#farewell = done;
        // Its end is told to `#farewell`, since it is not our socket any more.
        timer.set(CloseGraceMs, () => {
          socket.abandon({ code: Normal, reason: '' });
          done();
        });
        socket.close(Normal);
      });
    }
    this.#giveUp(error);
    return this.#goodbye;
  }

  /** A new token over the socket (docs/protocol.md, 4.6); `refresh` sends it and tells what the node answered. Fails with a `FanoutError`. */
  async renew(reason: 'expiring' | 'refresh', refresh: (token: string) => Promise<void>): Promise<void> {
    const { signal } = this.#life;
    const token = await this.#tokens.get(reason, signal);
    if (signal.aborted || token === undefined) return;
    await refresh(token);
  }

  /** As `renew`, again and again until it works or the connection is over. */
  keepFresh(refresh: (token: string) => Promise<void>): void {
    if (!this.#tokens.canRenew) return;
    const { signal } = this.#life;
    const backoff = new Backoff(this.#settings);
    const attempt = (): void => {
      this.renew('expiring', refresh).catch((error: FanoutError) => {
        if (signal.aborted) return;
        this.#hooks.fault(error);
        this.#refreshTimer.set(backoff.next(), attempt);
      });
    };
    attempt();
  }

  drain(reconnectAfterMs: number): void {
    this.#drainAt = this.#settings.clock.now() + reconnectAfterMs;
    this.#drainTimer.set(reconnectAfterMs + DrainGraceMs, () => {
      this.#socket?.abandon({ code: GoingAway, reason: 'the node drains' });
    });
  }

  #farewell: () => void = () => {};

  async #attempt(): Promise<void> {
    const { signal } = (this.#life = new AbortController());

    // 1
    let token: string | undefined;
    try {
      token = await this.#tokens.get('connect', signal);
    } catch (cause) {
      if (signal.aborted) return;
      const error = cause as FanoutError;
      return error.code === 'unauthorized' ? this.#giveUp(error) : this.#wait(error, 0);
    }
    if (signal.aborted) return;

    // 2
    const { codec, connectTimeoutMs, clock, urls, webSocket } = this.#settings;
    const url = urls[this.#urlIndex % urls.length]!;
    const query = this.#hooks.query(MaxUrlLength - url.length);
    const target = query ? `${url}${url.includes('?') ? '&' : '?'}${query}` : url;
    const protocols = token === undefined ? [codec.protocol] : [codec.protocol, `fanout.bearer.${token}`];
    let socket: Socket;
    try {
      socket = new Socket(webSocket, target, protocols, {
        received: data => this.#socket === socket && this.#received(data),
        pinged: () => this.#socket === socket && this.#heartbeat.seen(),
        ended: ending => (this.#socket === socket ? this.#ended(ending) : this.#farewell()),
      }, clock);
    } catch (cause) {
      return this.#giveUp(new FanoutError('refused', `No address, or no token: ${String(cause)}`, { cause }));
    }
    this.#socket = socket;
    this.#attemptTimer.set(connectTimeoutMs, () => socket.abandon({ code: 1006, reason: `no connection within ${connectTimeoutMs} ms` }));
  }

  #received(data: string | ArrayBuffer): void {
    this.#heartbeat.seen();
    try {
      const message = this.#settings.codec.decode(data);
      // 3
      if (message.type === 'connected' && !this.#ready) this.#begin(message.payload as Connected);
      // 4
      else this.#hooks.received(message);
    } catch (cause) {
      this.#hooks.fault(unreadable(cause));
    }
  }

  #begin(info: Connected): void {
    this.#attemptTimer.clear();
    this.#ready = true;
    this.#connectedAt = this.#settings.clock.now();
    this.#heartbeat.start(info.heartbeat, this.#socket!.showsPings);
    // First what is wanted, then those who listen: they find rooms that are on their way, and ask for nothing twice.
    this.#hooks.connected(info);
    if (this.#ready) this.#setState('connected');
  }

  // 5
  #ended(ending: Ending): void {
    const now = this.#settings.clock.now();
    const ready = this.#ready;
    const drainAt = this.#drainAt;
    this.#clear();
    this.#urlIndex++;
    if (ready) {
      if (now - this.#connectedAt >= this.#settings.minUptimeMs) this.#backoff.reset();
      this.#hooks.lost(ending);
    }
    if (this.#state === 'closed') return;

    const { code, reason, status } = ending;
    if (staysAway(code)) return this.#giveUp(farewell(code, reason));
    if (code === TokenExpired || status === 401) this.#tokens.ended();
    if (status !== undefined && refusesForGood(status)) {
      return this.#giveUp(new FanoutError(status === 403 ? 'forbidden' : 'refused', `The node refuses this client (HTTP ${status}).`, { status }));
    }
    if (status === 401 && this.#tokens.none) return this.#giveUp(new FanoutError('unauthorized', 'The node wants a token.', { status }));
    if (!ready && this.#tokens.isOver) return this.#giveUp(tokenOver());

    const cause = new FanoutError(
      'connection_lost', ready ? `The connection ended (${code}${reason && `: ${reason}`}).` : `No connection (${reason || code}).`,
      { retryable: true, closeCode: code, status });
    // The node has spread the delays of its clients already, so there is no backoff (5.11); but one that drains again and again gets one.
    const hint = Math.max(ending.retryAfterMs ?? 0, (drainAt ?? now) - now);
    if ((code === GoingAway || drainAt !== undefined) && now - this.#lastFreeTry >= this.#settings.minUptimeMs) {
      this.#lastFreeTry = now;
      this.#again(cause, hint, hint);
    } else {
      this.#wait(cause, hint);
    }
  }

  #wait(cause: FanoutError, atLeastMs: number): void {
    const { maxAttempts } = this.#settings;
    if (this.#backoff.failures >= maxAttempts) {
      return this.#giveUp(new FanoutError('gave_up', `${maxAttempts} attempts have failed; the last: ${cause.message}`, { cause }));
    }
    this.#again(cause, atLeastMs + this.#backoff.next(), atLeastMs);
  }

  #again(cause: FanoutError, delayMs: number, atLeastMs: number): void {
    this.#notBefore = this.#settings.clock.now() + atLeastMs;
    this.#waitTimer.set(delayMs, () => void this.#attempt());
    if (this.#state === 'connected') this.#setState('reconnecting', cause);
    if (this.#waitTimer.isSet) this.#hooks.waiting(delayMs, this.#backoff.failures, cause);
  }

  #wake(): void {
    if (this.#ready) this.#heartbeat.check();
    else if (this.#waitTimer.isSet && this.#settings.clock.now() >= this.#notBefore) {
      this.#waitTimer.clear();
      void this.#attempt();
    }
  }

  #giveUp(error: FanoutError): void {
    this.#clear();
    this.#stopWaking();
    this.#setState('closed', error);
  }

  #clear(): void {
    this.#life.abort();
    this.#socket = undefined;
    this.#ready = false;
    this.#drainAt = undefined;
    this.#heartbeat.stop();
    for (const timer of [this.#attemptTimer, this.#waitTimer, this.#drainTimer, this.#refreshTimer]) timer.clear();
  }

  #setState(state: ConnectionState, error?: FanoutError): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#hooks.state(state, error);
  }
}
