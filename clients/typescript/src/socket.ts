import { Timer, type Clock } from './clock.js';
import { HeartbeatMissed } from './codes.js';

/** As much of a WebSocket as is used here. The browser's, Node's and that of the package `ws` fit. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  // Each implementation has event types of its own.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  addEventListener(type: 'message' | 'close' | 'error', listener: (event: any) => void): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** What the package `ws` shows beyond the standard. */
interface NodeSocket {
  on?(event: 'ping', listener: () => void): void;
  on?(event: 'unexpected-response', listener: (request: unknown, response: RefusedUpgrade) => void): void;
  terminate?(): void;
}

interface RefusedUpgrade {
  readonly statusCode?: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  resume?(): void;
}

/** How a connection, or the attempt to have one, ended. */
export interface Ending {
  /** 1006 where no close frame came. */
  readonly code: number;
  readonly reason: string;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

export interface SocketHandler {
  received(data: string | ArrayBuffer): void;
  /** A ping of the node, on platforms that show it. */
  pinged(): void;
  /** Exactly once, and nothing after it. */
  ended(ending: Ending): void;
}

/** How long after an `error` its `close` may take. */
const CloseAfterErrorMs = 100;

/** One WebSocket, from its constructor to its end, which is told exactly once. */
export class Socket {
  readonly #socket: WebSocketLike & NodeSocket;
  readonly #handler: SocketHandler;
  #over = false;

  /** @throws what the WebSocket's constructor throws: a URL or a subprotocol that it does not take. */
  constructor(type: WebSocketConstructor, url: string, protocols: string[], handler: SocketHandler, clock: Clock) {
    this.#handler = handler;
    const socket: WebSocketLike & NodeSocket = (this.#socket = new type(url, protocols));
    socket.binaryType = 'arraybuffer';
    const noClose = new Timer(clock);
    socket.addEventListener('message', ({ data }) => this.#over || handler.received(data as string | ArrayBuffer));
    socket.addEventListener('close', ({ code, reason }) => {
      noClose.clear();
      this.#end({ code: code as number, reason: String(reason ?? '') });
    });
    // `close` follows, by the standard; Node's own WebSocket (20 to 22) leaves it out where a handshake is refused.
    socket.addEventListener('error', () => {
      if (!this.#over) noClose.set(CloseAfterErrorMs, () => this.#end({ code: 1006, reason: '' }));
    });
    socket.on?.('ping', () => this.#over || handler.pinged());
    socket.on?.('unexpected-response', (_, response) => {
      response.resume?.();
      const status = response.statusCode;
      this.#end({ code: 1006, reason: `HTTP ${status}`, status, retryAfterMs: retryAfter(response.headers['retry-after'], clock.now()) });
      socket.terminate?.();
    });
  }

  /** Whether the platform shows the node's pings. */
  get showsPings(): boolean {
    return 'on' in this.#socket;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    // Sending on a closing socket is dropped by the standard and thrown by some; its end is on its way and will be told.
    if (!this.#over && this.#socket.readyState === 1) this.#socket.send(data);
  }

  /** Begins a close; its end is told when the node has answered. */
  close(code: number): void {
    this.#socket.close(code);
  }

  /** Ends at once, whatever the peer does. */
  abandon(ending: Ending): void {
    if (this.#over) return;
    this.#end(ending);
    try {
      // `ws` would hold the process for half a minute waiting for a dead peer's answer; and a socket that still connects has no code to send.
      if (this.#socket.terminate) this.#socket.terminate();
      else this.#socket.close(...(this.#socket.readyState ? [HeartbeatMissed] : []));
    } catch {
      // It is of no use any more, whatever state it is in.
    }
  }

  #end(ending: Ending): void {
    if (this.#over) return;
    this.#over = true;
    this.#handler.ended(ending);
  }
}

function retryAfter(header: string | string[] | undefined, now: number): number | undefined {
  if (!header) return undefined;
  const text = String(header);
  // RFC 9110, 10.2.3: seconds, or a date.
  const delay = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(delay) ? undefined : Math.max(0, delay);
}
