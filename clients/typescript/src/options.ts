import { systemClock, type Clock } from './clock.js';
import { FanoutError } from './errors.js';
import type { WebSocketConstructor } from './socket.js';
import { json, present, type Codec } from './wire.js';

export interface TokenRequest {
  /** `connect`: before each attempt. `expiring`: the present token ends soon. `refresh`: you asked for it. */
  readonly reason: 'connect' | 'expiring' | 'refresh';
  /** Fires when the answer is of no use any more. */
  readonly signal: AbortSignal;
}

/** Gives a token. Throw a `FanoutError` with the code `unauthorized` to stop for good; whatever else it throws is tried again. */
export type TokenProvider = (request: TokenRequest) => string | Promise<string>;

export interface ReconnectOptions {
  /** Bound of the first random delay. Default 1,000 ms. */
  minDelayMs?: number;
  /** Bound that no delay passes. Default 30,000 ms. */
  maxDelayMs?: number;
  /** The bound starts over only after a connection has lasted so long. Default 10,000 ms. */
  minUptimeMs?: number;
  /** Tries without one that succeeds before the client closes with `gave_up`. Default: no end. */
  maxAttempts?: number;
}

export interface FanoutClientOptions {
  /** Where the nodes are: `wss://push.example.com`, or several, tried in turn. `http(s)` will do; without a path, `/ws`. */
  url: string | URL | readonly (string | URL)[];
  /** A token, or better a function that gives one: it is asked before each connect and before the token ends. None: anonymous. */
  token?: string | TokenProvider;
  /** JSON by default; `msgpack` from `@fanout/client/msgpack`. */
  codec?: Codec;
  reconnect?: ReconnectOptions;
  /** Publishes that may wait for their acknowledgement; beyond it `publish` fails with `buffer_full`. Default 100. */
  maxBufferedPublishes?: number;
  /** A publish that the node refuses for the moment is tried again for so long. Default 60,000 ms. */
  publishRetryMs?: number;
  /** How long requests, presence and history wait for their answer, the time without a connection included. Default 5,000 ms. */
  requestTimeoutMs?: number;
  /** How long one attempt to connect may take, and how long the token provider may. Default 10,000 ms. */
  connectTimeoutMs?: number;
  /** How long a `ping` may stay without a sign of life before the connection counts as dead. Default 5,000 ms. */
  pongTimeoutMs?: number;
  /** The WebSocket class; by default the platform's. Node 20 has none: hand in that of the package `ws`. */
  webSocket?: WebSocketConstructor;
  clock?: Clock;
  /** Numbers from 0 to 1 for the jitter. */
  random?: () => number;
}

export interface Settings {
  readonly urls: readonly string[];
  readonly token: string | TokenProvider | undefined;
  readonly codec: Codec;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly minUptimeMs: number;
  readonly maxAttempts: number;
  readonly maxBufferedPublishes: number;
  readonly publishRetryMs: number;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly pongTimeoutMs: number;
  readonly webSocket: WebSocketConstructor;
  readonly clock: Clock;
  readonly random: () => number;
}

export function settle(options: FanoutClientOptions): Settings {
  const urls = [options.url].flat().map(socketUrl);
  if (urls.length === 0) throw new FanoutError('refused', 'There is no url.');
  const webSocket = options.webSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
  if (!webSocket) {
    throw new FanoutError(
      'refused', "There is no WebSocket: hand one in, such as that of 'ws'.");
  }
  const settings: Settings = {
    codec: json,
    minDelayMs: 1_000, maxDelayMs: 30_000, minUptimeMs: 10_000, maxAttempts: Infinity,
    maxBufferedPublishes: 100,
    publishRetryMs: 60_000,
    requestTimeoutMs: 5_000,
    connectTimeoutMs: 10_000,
    pongTimeoutMs: 5_000,
    clock: systemClock,
    random: Math.random,
    ...(present({ ...options, ...options.reconnect }) as { token: Settings['token'] }),
    urls, webSocket,
  };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'number' && !(value >= 0)) throw new RangeError(`${name} is ${value}: 0 or more.`);
  }
  return settings;
}

function socketUrl(given: string | URL): string {
  try {
    const url = new URL(given, (globalThis as { location?: { href: string } }).location?.href);
    url.protocol = url.protocol.replace(/^http/, 'ws');
    if (!/^wss?:$/.test(url.protocol)) throw new TypeError(url.protocol);
    if (url.pathname === '/') url.pathname = '/ws';
    url.hash = '';
    return url.href;
  } catch (cause) {
    throw new FanoutError('refused', `'${String(given)}' is no address that begins with ws: or http:.`, { cause });
  }
}
