import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A link between clients and a node that can be cut, and held up without being cut. */
export class Link {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #silent = false;
  #down = false;

  private constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: false }, near => {
      if (this.#down) return near.destroy();
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [[near, far], [far, near]] as const) {
        this.#sockets.add(from);
        from.setNoDelay(true);
        from.on('data', data => {
          if (!this.#silent) to.write(data);
        });
        from.on('error', () => {});
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
      return undefined;
    });
  }

  static async to(port: number): Promise<Link> {
    const link = new Link(port);
    await new Promise<void>(resolve => link.#server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends all connections, as a network that fails. */
  cut(): void {
    for (const socket of [...this.#sockets]) socket.resetAndDestroy();
  }

  /** Nobody comes through until `up`. */
  down(): void {
    this.#down = true;
    this.cut();
  }

  up(): void {
    this.#down = false;
  }

  /** What is sent from now on over the connections that there are is swallowed, in both directions. */
  swallow(silent: boolean): void {
    this.#silent = silent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise(resolve => this.#server.close(resolve));
  }
}
