import type { WebSocketConstructor, WebSocketLike } from '../../src/index.js';

type Say = Record<string, unknown>;

/** A socket whose other end is the test. */
export class FakeSocket implements WebSocketLike {
  binaryType = 'blob';
  readyState = 0;
  /** What the client has sent and the test has not looked at. */
  readonly heard: Record<string, any>[] = [];
  readonly frames: string[] = [];
  closedByClient: number | undefined;
  readonly #listeners: Record<string, ((event: any) => void)[]> = {};

  constructor(readonly url: string, readonly protocols: string[]) {}

  get token(): string | undefined {
    return this.protocols.find(protocol => protocol.startsWith('fanout.bearer.'))?.slice('fanout.bearer.'.length);
  }

  /** Items of `rooms=`. */
  get rooms(): string[] {
    return (new URL(this.url).searchParams.get('rooms') ?? '').split(',').filter(Boolean);
  }

  addEventListener(type: string, listener: (event: any) => void): void {
    (this.#listeners[type] ??= []).push(listener);
  }

  send(data: string | Uint8Array): void {
    if (this.readyState !== 1) throw new Error('the socket is not open');
    this.frames.push(data as string);
    this.heard.push(JSON.parse(data as string) as Record<string, any>);
  }

  close(code = 1005): void {
    if (this.readyState >= 2) return;
    this.closedByClient = code;
    this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.#fire('open', {});
  }

  /** Opens and says `connected`. */
  accept(payload: Say = {}): this {
    this.open();
    this.say({ type: 'connected', payload: { ...welcome, ...payload } });
    return this;
  }

  say(...messages: Say[]): void {
    for (const message of messages) this.#fire('message', { data: JSON.stringify(message) });
  }

  /** The end, by a close frame or without one (1006). */
  end(code = 1006, reason = ''): void {
    this.readyState = 3;
    if (code === 1006) this.#fire('error', {});
    this.#fire('close', { code, reason });
  }

  /** An error without a close, as Node's own WebSocket gives where a handshake is refused. */
  fail(): void {
    this.#fire('error', {});
  }

  /** The next message that the client sent. */
  next(type?: string): Record<string, any> {
    const message = this.heard.shift();
    if (!message) throw new Error(`the client sent nothing${type ? `, a ${type} is due` : ''}`);
    if (type && message['type'] !== type) throw new Error(`the client sent ${JSON.stringify(message)}, a ${type} is due`);
    return message;
  }

  #fire(type: string, event: object): void {
    for (const listener of this.#listeners[type] ?? []) listener(event);
  }
}

/** As the package `ws`, which shows the node's pings and the status of a refused handshake. */
export class FakeNodeSocket extends FakeSocket {
  readonly #handlers: Record<string, ((...args: any[]) => void)[]> = {};

  on(event: string, handler: (...args: any[]) => void): void {
    (this.#handlers[event] ??= []).push(handler);
  }

  terminate(): void {
    this.readyState = 3;
  }

  ping(): void {
    for (const handler of this.#handlers['ping'] ?? []) handler();
  }

  refuse(statusCode: number, headers: Record<string, string> = {}): void {
    for (const handler of this.#handlers['unexpected-response'] ?? []) handler({}, { statusCode, headers });
  }
}

/** All sockets that a client opens. */
export class FakeNode {
  readonly sockets: FakeSocket[] = [];
  readonly webSocket: WebSocketConstructor;

  constructor(type: typeof FakeSocket = FakeSocket) {
    const { sockets } = this;
    this.webSocket = class {
      constructor(url: string, protocols: string[]) {
        const socket = new type(url, protocols);
        sockets.push(socket);
        return socket;
      }
    } as unknown as WebSocketConstructor;
  }

  /** The newest. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('the client has opened no socket');
    return socket;
  }
}

export const welcome = {
  clientId: 'c1',
  node: 'fake',
  heartbeat: { intervalMs: 30_000, timeoutMs: 45_000 },
  limits: { maxMessageBytes: 1_048_576, messagesPerSecond: 100, maxRooms: 100 },
  backplane: 'healthy',
  rooms: [],
};
