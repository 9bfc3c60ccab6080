import assert from 'node:assert/strict';
import { FanoutClient, FanoutError, type FanoutClientOptions, type Room } from '../../src/index.js';
import { FakeClock, settle } from './fakeClock.js';
import { FakeNode, FakeNodeSocket, type FakeSocket } from './fakeNode.js';

type Json = Record<string, any>;

export interface Vector {
  readonly name: string;
  readonly section: string;
  readonly client?: Json;
  readonly steps: readonly Json[];
}

/** Replays a vector; docs/protocol-vectors/README.md says what each step means. */
export async function replay(vector: Vector): Promise<void> {
  const run = new Run(vector.client ?? {});
  for (const [index, step] of vector.steps.entries()) {
    try {
      await run.step(step);
    } catch (cause) {
      throw new Error(`step ${index + 1}, ${JSON.stringify(step)}: ${(cause as Error).message}`, { cause });
    }
  }
  run.end();
}

class Run {
  readonly #clock = new FakeClock();
  readonly #node: FakeNode;
  readonly #client: FanoutClient;
  /** Names bound by `?name`, used by `$name`. */
  readonly #names: Json = {};
  readonly #rooms = new Map<string, Room>();
  /** What the application saw and the vector has not asked about: `client`, each room, each outcome by its name. */
  readonly #seen = new Map<string, Json[]>();
  #handshakes = 0;

  constructor(given: Json) {
    const { tokens, random = 1, showsPings = false, ...rest } = given;
    this.#node = new FakeNode(showsPings ? FakeNodeSocket : undefined);
    const options: FanoutClientOptions = {
      url: 'ws://node.test', webSocket: this.#node.webSocket, clock: this.#clock, random: () => random as number, ...rest,
      ...(tokens && { token: () => (tokens as string[]).length > 1 ? (tokens as string[]).shift()! : (tokens as string[])[0]! }),
    };
    this.#client = new FanoutClient(options);
    this.#client.on('error', error => this.#saw('client', { event: 'error', code: error.code }));
    this.#client.on('closed', error => this.#saw('client', { event: 'closed', code: error.code }));
    this.#client.on('backplane', state => this.#saw('client', { event: 'backplane', state }));
  }

  async step(step: Json): Promise<void> {
    await settle();
    if (step['time'] !== undefined) await this.#clock.advance(step['time'] as number);
    else if (step['node']) this.#nodeStep(step);
    else if (step['app'] === 'sees') this.#sees(step);
    else this.#appStep(step);
    await settle();
  }

  end(): void {
    const unheard = this.#handshakes > 0 ? this.#node.sockets.flatMap(socket => socket.heard) : [];
    assert.deepEqual(unheard, [], 'messages of the client that no step expects');
    assert.equal(this.#node.sockets.length, this.#handshakes, 'handshakes');
    assert.deepEqual([...this.#seen].filter(([, events]) => events.length > 0), [], 'events that no step expects');
  }

  get #socket(): FakeSocket {
    return this.#node.socket;
  }

  #nodeStep(step: Json): void {
    switch (step['node']) {
      case 'sees': {
        const { handshake } = step;
        if (handshake === false) {
          assert.equal(this.#node.sockets.length, this.#handshakes, 'there is a handshake');
          return;
        }
        assert.equal(this.#node.sockets.length, ++this.#handshakes, 'handshakes');
        if (handshake.rooms) assert.deepEqual(this.#socket.rooms.sort(), this.#filled(handshake.rooms).sort());
        if (handshake.token) assert.equal(this.#socket.token, handshake.token);
        return;
      }
      case 'accepts':
        this.#socket.accept(step['connected'] as Json | undefined);
        return;
      case 'refuses':
        (this.#socket as FakeNodeSocket).refuse(
          step['status'] as number, step['retryAfter'] === undefined ? {} : { 'retry-after': String(step['retryAfter']) });
        return;
      case 'says':
        this.#socket.say(this.#filled(step['message']));
        return;
      case 'hears':
        if (step['message'] === false) assert.deepEqual(this.#socket.heard, []);
        else this.#match(this.#socket.next(), step['message'], 'message');
        return;
      case 'closes':
        this.#socket.end(step['code'] as number);
        return;
      case 'closed':
        assert.equal(this.#socket.closedByClient, step['code']);
        return;
      default:
        throw new Error('an unknown step');
    }
  }

  #appStep(step: Json): void {
    const { app, room, as } = step;
    switch (app) {
      case 'connects':
        this.#client.connect().catch(() => {});
        return;
      case 'closes':
        void this.#client.close();
        return;
      case 'joins':
        return this.#outcome(as as string | undefined, this.#room(room as string, step['options'] as Json | undefined).join());
      case 'leaves':
        void this.#room(room as string).leave();
        return;
      case 'publishes':
        return this.#outcome(as as string, this.#client.publish(room as string, step['payload'], step['options'] as Json));
      case 'requests':
        return this.#outcome(as as string, this.#client.request(step['method'] as string, step['payload'], step['options'] as Json));
      case 'reads':
        return this.#outcome(as as string, this.#room(room as string).history(step['options'] as Json));
      default:
        throw new Error('an unknown step');
    }
  }

  #sees(step: Json): void {
    const where = (step['room'] ?? step['outcome'] ?? 'client') as string;
    if (step['state'] && step['event'] === undefined) return assert.equal(this.#client.state, step['state']);
    if (step['members']) return assert.deepEqual([...this.#room(where).members.keys()].sort(), step['members']);
    const events = this.#seen.get(where) ?? [];
    if (step['event'] === false) return assert.deepEqual(events, []);
    const event = events.shift();
    assert.ok(event, `nothing was seen of ${where}`);
    const { app, room, outcome, ...expected } = step;
    this.#match(event, expected, where);
  }

  #outcome(name: string | undefined, promise: Promise<unknown>): void {
    if (name === undefined) return void promise.catch(() => {});
    promise.then(
      value => this.#saw(name, { result: value }),
      (error: FanoutError) => this.#saw(name, { error: error.code }));
  }

  #room(name: string, options?: Json): Room {
    const room = this.#client.room(name, options);
    if (this.#rooms.has(name)) return room;
    this.#rooms.set(name, room);
    room.on('message', ({ payload }) => this.#saw(name, { event: 'message', payload }));
    room.on('joined', ({ first }) => first && this.#saw(name, { event: 'joined' }));
    room.on('recovered', () => this.#saw(name, { event: 'recovered' }));
    room.on('reset', ({ reason }) => this.#saw(name, { event: 'reset', reason }));
    room.on('left', ({ reason }) => this.#saw(name, { event: 'left', reason }));
    return room;
  }

  #saw(where: string, event: Json): void {
    this.#seen.set(where, [...(this.#seen.get(where) ?? []), event]);
  }

  /** `$name` by what was bound to it. */
  #filled<T>(value: T): T {
    return JSON.parse(JSON.stringify(value), (_, part: unknown) =>
      typeof part === 'string' && /^\$[a-z]\w*$/.test(part) && part.slice(1) in this.#names ? (this.#names[part.slice(1)] as unknown) : part) as T;
  }

  /** Every expected field must be there and fit; `null`: it must not be there; `?name`: anything, remembered; `$name`: the same again. */
  #match(actual: any, expected: any, path: string): void {
    if (typeof expected === 'string' && expected.startsWith('?')) {
      assert.ok(actual !== undefined, `${path} is missing`);
      this.#names[expected.slice(1)] = actual;
    } else if (expected === null) assert.equal(actual, undefined, path);
    else if (typeof expected === 'object' && !Array.isArray(expected)) {
      assert.ok(typeof actual === 'object' && actual !== null, `${path} is ${JSON.stringify(actual)}`);
      for (const [key, part] of Object.entries(expected as Json)) this.#match(actual[key], part, `${path}.${key}`);
    } else assert.deepEqual(actual, this.#filled(expected), `${path} is ${JSON.stringify(actual)}`);
  }
}
