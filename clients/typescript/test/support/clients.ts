import { WebSocket } from 'ws';
import { FanoutClient, FanoutError, type FanoutClientOptions, type WebSocketConstructor } from '../../src/index.js';
import { within } from './processes.js';

/** The WebSocket of the package `ws`, or Node's own where the tests run with one (FANOUT_TEST_WEBSOCKET=platform). */
export const webSocket: WebSocketConstructor =
  process.env['FANOUT_TEST_WEBSOCKET'] === 'platform' ? (globalThis as unknown as { WebSocket: WebSocketConstructor }).WebSocket : WebSocket;

/** A client that reconnects within milliseconds, closed with the test. */
export class TestClient extends FanoutClient {
  readonly errors: FanoutError[] = [];

  constructor(url: string | readonly string[], options: Partial<FanoutClientOptions> = {}) {
    super({ url, webSocket, reconnect: { minDelayMs: 50, maxDelayMs: 500 }, ...options });
    this.on('error', error => this.errors.push(error));
  }

  static async connected(url: string | readonly string[], options: Partial<FanoutClientOptions> = {}): Promise<TestClient> {
    const client = new TestClient(url, options);
    await within(client.connect(), 'a connection');
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Collects, and waits for what it should have collected. */
export class Collected<T> {
  readonly items: T[] = [];
  #heard: () => void = () => {};

  add = (item: T): void => {
    this.items.push(item);
    this.#heard();
  };

  async until(fits: (items: readonly T[]) => boolean, what: string, ms = 30_000): Promise<readonly T[]> {
    const done = new Promise<void>(resolve => {
      this.#heard = () => fits(this.items) && resolve();
      this.#heard();
    });
    await within(done, what, ms, () => `so far ${this.items.length}: ...${JSON.stringify(this.items.slice(-5))}`);
    return this.items;
  }

  count(count: number, ms?: number): Promise<readonly T[]> {
    return this.until(items => items.length >= count, `${count} items`, ms);
  }
}
