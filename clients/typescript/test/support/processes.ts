import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { repository } from './repository.js';

export const apiKey = 'key-of-the-tests';
export const signingKey = 'a key of the tests that is long enough for HS256';

/** Fails with what was waited for, instead of hanging. */
export async function within<T>(promise: Promise<T>, what: string, ms = 30_000, context: () => string = () => ''): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}\n${context()}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer!);
  }
}

/** A port where nobody listens, below the ephemeral ones, so that no outgoing connection takes it while its owner is down. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const free = await new Promise<boolean>(resolve => server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
    if (!free) continue;
    await new Promise(resolve => server.close(resolve));
    return port;
  }
}

/** A process that the test started. Signals go to it alone, and it is killed with the test. */
export class OwnProcess {
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #kill = (): void => void this.#child.kill('SIGKILL');
  #heard: () => void = () => {};

  constructor(command: string, args: string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.exited = new Promise((resolve, reject) => this.#child.once('exit', code => resolve(code)).once('error', reject));
    this.exited.catch(() => {});
    process.once('exit', this.#kill);
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface(stream).on('line', line => {
        this.#lines.push(line);
        if (this.#lines.length > 500) this.#lines.shift();
        this.#heard();
      });
    }
  }

  get log(): string {
    return this.#lines.slice(-40).join('\n');
  }

  /** The first line that fits. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>(resolve => {
      this.#heard = () => {
        for (const line of this.#lines) {
          const match = pattern.exec(line);
          if (match) return resolve(match);
        }
      };
      this.#heard();
    });
    const ended = this.exited.then(code => {
      throw new Error(`the process ended with ${code}:\n${this.log}`);
    });
    return within(Promise.race([found, ended]), String(pattern), 30_000, () => this.log);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    // A stopped process takes nothing but SIGKILL.
    this.signal(signal);
    await within(this.exited, `the end of process ${this.#child.pid}`, 40_000, () => this.log);
    process.off('exit', this.#kill);
  }
}

/** A Redis of this test's own. */
export class RedisServer {
  #process!: OwnProcess;
  readonly #folder = mkdtempSync(`${tmpdir()}/fanout-ts-redis-`);
  readonly port: number;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<RedisServer> {
    const redis = new RedisServer(await freePort());
    redis.#process = new OwnProcess('redis-server', [
      '--port', String(redis.port), '--bind', '127.0.0.1', '--dir', redis.#folder, '--save', '', '--appendonly', 'no', '--daemonize', 'no'], process.env);
    await redis.#process.line(/Ready to accept connections/);
    return redis;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A node of this repository as a process of its own; it can be started again at the same address. */
export class FanoutNode {
  #process: OwnProcess | undefined;
  readonly #settings: Record<string, string>;
  readonly port: number;

  readonly #environment: string;

  private constructor(port: number, settings: Record<string, string>, environment: string) {
    this.port = port;
    this.#settings = settings;
    this.#environment = environment;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get log(): string {
    return this.#process?.log ?? '';
  }

  /** @param environment in `Development` everybody may connect, and the API asks for no key. */
  static async start(settings: Record<string, string> = {}, environment = 'Production'): Promise<FanoutNode> {
    const node = new FanoutNode(await freePort(), settings, environment);
    await node.start();
    return node;
  }

  async start(): Promise<void> {
    const env: NodeJS.ProcessEnv = {};
    for (const [name, value] of Object.entries(process.env)) {
      if (!/^(Fanout__|ASPNETCORE_|OTEL_|DOTNET_(ENVIRONMENT|URLS|STARTUP_HOOKS))/i.test(name)) env[name] = value;
    }
    const settings = this.#environment === 'Development' ? this.#settings : {
      'Fanout:Auth:AllowAnonymous': 'true',
      'Fanout:Api:Keys:0:Name': 'tests',
      'Fanout:Api:Keys:0:Key': apiKey,
      'Fanout:Api:Keys:0:Scopes:0': 'publish',
      'Fanout:Api:Keys:0:Scopes:1': 'read',
      ...this.#settings,
    };
    env['ASPNETCORE_URLS'] = `http://127.0.0.1:${this.port}`;
    env['ASPNETCORE_ENVIRONMENT'] = this.#environment;
    for (const [name, value] of Object.entries(settings)) env[name.replaceAll(':', '__')] = value;

    this.#process = new OwnProcess('dotnet', [`${repository}/src/FanoutNode/bin/Release/net10.0/FanoutNode.dll`], env);
    await this.#process.line(/Now listening on: http/);
    await within(this.#ready(), 'the node to be ready', 30_000, () => this.log);
  }

  /** By HTTP, as a back end does. */
  async publish(room: string, payload: unknown): Promise<{ id: string; offset?: number }> {
    const response = await fetch(`http://127.0.0.1:${this.port}/api/v1/rooms/${encodeURIComponent(room)}/messages`, {
      method: 'POST', body: JSON.stringify(payload), headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
    });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as { id: string; offset?: number };
  }

  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.stop('SIGKILL');
  }

  async drain(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.stop('SIGTERM');
  }

  pause(): void {
    this.#process!.signal('SIGSTOP');
  }

  resume(): void {
    this.#process!.signal('SIGCONT');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  async #ready(): Promise<void> {
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${this.port}/healthz/ready`).catch(() => undefined);
      if (response?.ok) return;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }
}
