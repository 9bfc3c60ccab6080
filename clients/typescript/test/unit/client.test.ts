import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FanoutClient, FanoutError, isRoomName, userRoomName, type FanoutClientOptions, type Message } from '../../src/index.js';
import { FakeClock, settle } from '../support/fakeClock.js';
import { FakeNode, FakeNodeSocket } from '../support/fakeNode.js';

function given(options: Partial<FanoutClientOptions> = {}, type?: typeof FakeNodeSocket) {
  const clock = new FakeClock();
  const node = new FakeNode(type);
  const client = new FanoutClient({ url: 'ws://node.test', webSocket: node.webSocket, clock, random: () => 1, ...options });
  const errors: FanoutError[] = [];
  client.on('error', error => errors.push(error));
  return { clock, node, client, errors };
}

async function connected(options?: Partial<FanoutClientOptions>) {
  const all = given(options);
  const connecting = all.client.connect();
  await settle();
  all.node.socket.accept();
  await connecting;
  return all;
}

const message = (room: string, offset: number | undefined, payload: unknown = offset) =>
  ({ type: 'message', room, id: `m${offset}`, ...(offset !== undefined && { offset }), timestamp: 1, payload });
const joined = (room: string, offset = 0, id?: string) =>
  ({ type: 'joined', room, ...(id && { id }), payload: { epoch: 'E', offset, recovered: false, count: 1 } });
const code = (expected: string) => (error: unknown) => error instanceof FanoutError && error.code === expected;

describe('connecting', () => {
  it('tries several addresses in turn', async () => {
    const { node, client, clock } = given({ url: ['wss://one.test', 'https://two.test/push', 'ws://three.test?tenant=7'] });
    client.room('a').subscribe(() => {});
    void client.connect();
    for (let attempt = 0; attempt < 4; attempt++) {
      await settle();
      node.socket.end();
      await clock.advance(30_000);
    }
    assert.deepEqual(node.sockets.slice(0, 4).map(socket => socket.url), [
      'wss://one.test/ws?rooms=a', 'wss://two.test/push?rooms=a', 'ws://three.test/ws?tenant=7&rooms=a', 'wss://one.test/ws?rooms=a']);
  });

  it('keeps the request line short, and joins what does not fit', async () => {
    const { node, client } = given();
    const names = Array.from({ length: 100 }, (_, index) => `${'r'.repeat(110)}.${index}`);
    for (const name of names) client.room(name).subscribe(() => {});
    void client.connect();
    await settle();
    const { socket } = node;
    assert.ok(socket.url.length <= 7_000, `${socket.url.length}`);
    socket.accept();
    const later = socket.heard.map(({ room }) => room as string);
    assert.deepEqual([...socket.rooms, ...later].sort(), names.sort());
    assert.ok(socket.rooms.length > 50 && later.length > 10);
  });

  it('goes on after an error event that no close follows', async () => {
    const { node, client, clock } = given();
    void client.connect();
    await settle();
    node.socket.fail();
    await clock.advance(1_100);
    assert.equal(node.sockets.length, 2);
  });

  it('keeps trying while connect() waits, and says so', async () => {
    const { node, client, clock } = given();
    const seen: string[] = [];
    client.on('state', ({ state }) => seen.push(state));
    client.on('reconnecting', ({ delayMs, attempt }) => seen.push(`${attempt}: ${delayMs}`));
    const connecting = client.connect();
    await settle();
    node.socket.end();
    await clock.advance(1_000);
    node.socket.end();
    await clock.advance(2_000);
    node.socket.accept();
    assert.equal((await connecting).node, 'fake');
    node.socket.end();
    assert.deepEqual(seen, ['connecting', '1: 1000', '2: 2000', 'connected', 'reconnecting', '3: 4000']);
  });

  it('gives up after maxAttempts, where that is asked for', async () => {
    const { node, client, clock } = given({ reconnect: { maxAttempts: 2 } });
    const connecting = client.connect();
    const refused = assert.rejects(connecting, code('gave_up'));
    for (let attempt = 0; attempt < 3; attempt++) {
      await settle();
      node.socket.end();
      await clock.advance(30_000);
    }
    await refused;
    assert.equal(node.sockets.length, 3);
    assert.equal(client.state, 'closed');
    assert.equal(clock.timers, 0);
  });

  it('stops waiting when the signal says so, and goes on connecting', async () => {
    const { node, client } = given();
    const controller = new AbortController();
    const connecting = client.connect({ signal: controller.signal });
    controller.abort();
    await assert.rejects(connecting, code('aborted'));
    node.socket.accept();
    assert.equal(client.state, 'connected');
  });

  it('can connect again after the node sent it away, and not after close()', async () => {
    const { node, client } = await connected();
    const got: unknown[] = [];
    client.room('a').subscribe(({ payload }) => got.push(payload));
    node.socket.say(joined('a', 4, node.socket.next('join')['id'] as string));
    node.socket.end(4503);
    await assert.rejects(client.publish('a', 1), code('closed'));
    const again = client.connect();
    await settle();
    assert.deepEqual(node.socket.rooms, ['a;E;4']);
    node.socket.accept();
    await again;
    await Promise.all([client.close(), settle().then(() => node.socket.end(1000))]);
    await assert.rejects(client.connect(), code('closed'));
  });

  it('close() leaves no timer behind, even if the node never answers', async () => {
    const { client, clock } = await connected();
    const closing = client.close();
    await clock.advance(2_000);
    await closing;
    assert.equal(clock.timers, 0);
  });

  it('says at once what is wrong with its options', () => {
    assert.throws(() => new FanoutClient({ url: 'ftp://x', webSocket: FakeNodeSocket }), code('refused'));
    assert.throws(() => new FanoutClient({ url: 'no url', webSocket: FakeNodeSocket }), code('refused'));
    assert.throws(() => new FanoutClient({ url: 'ws://x', webSocket: FakeNodeSocket, requestTimeoutMs: -1 }), RangeError);
    if (!('WebSocket' in globalThis)) assert.throws(() => new FanoutClient({ url: 'ws://x' }), /hand one in/);
  });

  it('does not knock again with a token that has ended by its own claim', async () => {
    const claims = btoa(JSON.stringify({ exp: 1_700_000_000 })).replace(/=+$/, '');
    const { node, client } = given({ token: `h.${claims}.s` });
    const connecting = assert.rejects(client.connect(), code('unauthorized'));
    await settle();
    node.socket.end();
    await connecting;
  });

  it('asks a token provider that fails again, with backoff', async () => {
    let calls = 0;
    const { node, client, clock } = given({
      token: ({ reason }) => {
        assert.equal(reason, 'connect');
        if (++calls < 3) throw new Error('the login service is away');
        return 'good';
      },
    });
    void client.connect();
    await clock.advance(2_999);
    assert.equal(calls, 2);
    await clock.advance(1);
    assert.equal(node.socket.token, 'good');
  });

  it('survives a provider that throws at once, also after the attempt is over', async () => {
    const { node, client, clock, errors } = await connected({
      token: ({ reason }) => {
        if (reason === 'connect') return 't';
        throw new Error('away');
      },
    });
    node.socket.say({ type: 'expiring', payload: { expiresAt: 0 } });
    await settle();
    // A rejection that nobody handles would end this process here.
    node.socket.end();
    await clock.advance(1_000);
    assert.equal(client.state, 'reconnecting');
    assert.deepEqual(errors.map(error => error.code), ['token_failed']);
  });

  it('stops when the token provider says unauthorized', async () => {
    const { client, node } = given({ token: () => Promise.reject(new FanoutError('unauthorized', 'logged out')) });
    await assert.rejects(client.connect(), code('unauthorized'));
    assert.equal(node.sockets.length, 0);
  });

  it('goes on when a token provider never answers, and tells it so', async () => {
    const signals: AbortSignal[] = [];
    const { client, clock } = given({ token: ({ signal }) => (signals.push(signal), new Promise(() => {})) });
    void client.connect().catch(() => {});
    await clock.advance(10_000);
    await clock.advance(1_000);
    assert.equal(signals.length, 2);
    await client.close();
    assert.ok(signals[1]!.aborted);
    await settle();
    assert.equal(clock.timers, 0);
  });

  it('close() is final, also when a listener calls it', async () => {
    for (const [when, token] of [['connecting', undefined], ['connected', undefined], ['joining', 't']] as const) {
      const { node, client, clock } = given(token ? { token } : {});
      const seen: string[] = [];
      client.on('state', ({ state }) => seen.push(state));
      client.on('connected', () => seen.push('event'));
      client.on('state', ({ state }) => state === when && void client.close());
      if (when === 'joining') client.room('$user.ann').on('state', state => state === 'joining' && void client.close());
      void client.connect().catch(() => {});
      await settle();
      if (when !== 'connecting') node.socket.accept({ userId: 'ann', rooms: ['$user.ann'] });
      await clock.advance(60_000);
      assert.equal(client.state, 'closed', when);
      assert.deepEqual(seen.at(-1), 'closed', `${when}: ${seen.join()}`);
      assert.equal(node.sockets.length, when === 'connecting' ? 0 : 1, when);
      assert.equal(clock.timers, 0, when);
    }
  });

  it('refreshes a token over a connection only, and knows how long the new one lives', async () => {
    const reasons: string[] = [];
    const { node, client, clock } = given({ token: ({ reason }) => (reasons.push(reason), 't') });
    await client.refreshToken();
    void client.connect();
    await settle();
    node.socket.accept({ expiresAt: 1 });
    const refreshing = client.refreshToken();
    await settle();
    node.socket.say({ type: 'refreshed', id: node.socket.next('refresh')['id'], payload: { expiresAt: 2, left: [] } });
    await refreshing;
    assert.equal(client.info!.expiresAt, 2);
    node.socket.end();
    await client.refreshToken();
    assert.deepEqual(reasons, ['connect', 'refresh']);
    await client.close();
    await assert.rejects(client.refreshToken(), code('closed'));
    assert.equal(clock.timers, 0);
  });
});

describe('liveness', () => {
  it('takes a ping of the node for life, where the platform shows it', async () => {
    const { node, client, clock } = given({}, FakeNodeSocket);
    void client.connect();
    await settle();
    const socket = node.socket as FakeNodeSocket;
    socket.accept();
    await clock.advance(44_000);
    socket.ping();
    await clock.advance(44_000);
    assert.deepEqual(socket.heard, []);
    await clock.advance(1_000);
    assert.equal(socket.next()['type'], 'ping');
  });

  it('asks at once after sleep', async () => {
    const { node, clock } = await connected();
    await clock.sleep(20_000);
    assert.equal(node.socket.next()['type'], 'ping');
    await clock.advance(5_000);
    assert.equal(node.socket.closedByClient, 4000);
  });

  it('asks at once when the page wakes, and does not wait out its backoff then', async () => {
    const page = new EventTarget();
    const names = ['addEventListener', 'removeEventListener'] as const;
    for (const name of names) (globalThis as any)[name] = page[name].bind(page);
    try {
      const { node, client } = await connected();
      page.dispatchEvent(new Event('online'));
      assert.equal(node.socket.next()['type'], 'ping');
      page.dispatchEvent(new Event('pageshow'));
      assert.deepEqual(node.socket.heard, [], 'one question is enough');
      node.socket.end();
      page.dispatchEvent(new Event('online'));
      await settle();
      assert.equal(node.sockets.length, 2);
      page.dispatchEvent(new Event('online'));
      await settle();
      assert.equal(node.sockets.length, 2, 'an attempt is under way');
      await Promise.all([client.close(), settle().then(() => node.socket.end(1000))]);
      page.dispatchEvent(new Event('online'));
      await settle();
      assert.equal(node.sockets.length, 2);
    } finally {
      for (const name of names) delete (globalThis as any)[name];
    }
  });

  it('asks when the page is seen again, was frozen, or lost its network', async () => {
    const [page, document] = [new EventTarget(), Object.assign(new EventTarget(), { visibilityState: 'hidden' })];
    (globalThis as any).addEventListener = page.addEventListener.bind(page);
    (globalThis as any).document = document;
    try {
      const { node, client } = await connected();
      const answered = () => {
        assert.equal(node.socket.next()['type'], 'ping');
        node.socket.say({ type: 'pong' });
      };
      document.dispatchEvent(new Event('visibilitychange'));
      assert.deepEqual(node.socket.heard, [], 'it is hidden');
      document.visibilityState = 'visible';
      document.dispatchEvent(new Event('visibilitychange'));
      answered();
      document.dispatchEvent(new Event('resume'));
      answered();
      page.dispatchEvent(new Event('offline'));
      answered();
      await Promise.all([client.close(), settle().then(() => node.socket.end(1000))]);
      const count = node.socket.frames.length;
      document.dispatchEvent(new Event('resume'));
      assert.equal(node.socket.frames.length, count);
    } finally {
      delete (globalThis as any).addEventListener;
      delete (globalThis as any).document;
    }
  });

  it('does not come back before the time that the node gave, even if the page wakes', async () => {
    const page = new EventTarget();
    (globalThis as any).addEventListener = page.addEventListener.bind(page);
    try {
      const { node, clock } = await connected();
      node.socket.say({ type: 'drain', payload: { reconnectAfterMs: 3_000 } });
      node.socket.end();
      page.dispatchEvent(new Event('online'));
      await clock.advance(2_999);
      assert.equal(node.sockets.length, 1);
      await clock.advance(1);
      assert.equal(node.sockets.length, 2);
    } finally {
      delete (globalThis as any).addEventListener;
    }
  });
});

describe('rooms', () => {
  it('are left with the last unsubscribe, unless join() was called', async () => {
    const { node, client } = await connected();
    const room = client.room<number>('a');
    const [one, two] = [room.subscribe(() => {}), room.subscribe(() => {})];
    assert.equal(node.socket.next()['type'], 'join');
    one();
    one();
    assert.equal(room.state, 'joining');
    two();
    assert.equal(node.socket.next()['type'], 'leave');
    assert.equal(room.state, 'left');

    const three = room.subscribe(() => {});
    const { id } = node.socket.next('join');
    const joining = room.join();
    node.socket.say(joined('a', 0, id as string));
    await joining;
    three();
    assert.deepEqual(node.socket.heard, []);
    assert.equal(room.state, 'joined');
  });

  it('tell a listener that throws from those that do not', async () => {
    const { node, client, errors } = await connected();
    const got: unknown[] = [];
    const room = client.room('a');
    room.subscribe(() => {
      throw new Error('mine');
    });
    room.subscribe(({ payload }) => got.push(payload));
    client.on('message', ({ payload }) => got.push(payload));
    node.socket.say(joined('a', 0, node.socket.next()['id'] as string), message('a', 1), message('a', 2));
    assert.deepEqual(got, [1, 1, 2, 2]);
    assert.deepEqual(errors.map(error => [error.code, (error.cause as Error).message]), [['handler_failed', 'mine'], ['handler_failed', 'mine']]);
  });

  it('tell a listener that fails later, and do not tell a listener of errors of itself', async () => {
    const { node, client, errors } = await connected();
    const said: unknown[] = [];
    const log = console.error;
    console.error = (error: unknown) => said.push(error);
    try {
      client.on('error', () => Promise.reject(new Error('of errors')));
      const room = client.room('a');
      room.subscribe(async () => {
        await settle();
        throw new Error('mine');
      });
      node.socket.say(joined('a', 0, node.socket.next()['id'] as string), message('a', 1));
      for (let turn = 0; turn < 5; turn++) await settle();
      assert.deepEqual(errors.map(error => [error.code, (error.cause as Error).message]), [['handler_failed', 'mine']]);
      assert.deepEqual(said.map(error => ((error as FanoutError).cause as Error).message), ['of errors']);
    } finally {
      console.error = log;
    }
  });

  it('call nobody who has ended listening, also where another listener ended it', async () => {
    const { node, client } = await connected();
    const room = client.room('a');
    const got: string[] = [];
    room.subscribe(() => (got.push('one'), end()));
    const end = room.subscribe(() => got.push('two'));
    node.socket.say(joined('a', 0, node.socket.next()['id'] as string), message('a', 1));
    assert.deepEqual(got, ['one']);
  });

  it('that are left before the join is answered send what waited for it', async () => {
    const { node, client } = await connected();
    const room = client.room<number>('a');
    const off = room.subscribe(() => {});
    node.socket.next('join');
    const published = room.publish(1);
    assert.deepEqual(node.socket.heard, []);
    off();
    const { id } = node.socket.next('publish');
    node.socket.say({ type: 'published', id, room: 'a', payload: { messageId: 'x' } });
    assert.equal((await published).messageId, 'x');
  });

  it('that the node puts us out of can be joined again at once, by a listener too', async () => {
    const { node, client } = await connected();
    const room = client.room('a');
    const first = room.join();
    node.socket.say(joined('a', 0, node.socket.next('join')['id'] as string));
    await first;
    let again: Promise<unknown> | undefined;
    room.on('left', () => (again = room.join()));
    node.socket.say({ type: 'left', room: 'a', payload: { reason: 'out' } });
    node.socket.say(joined('a', 0, node.socket.next('join')['id'] as string));
    await again;
    assert.equal(room.state, 'joined');
  });

  it('of a user who is another one now tell whoever waits for the join', async () => {
    const { node, client, clock } = given({ token: 't' });
    const connecting = client.connect();
    await settle();
    node.socket.accept({ userId: 'ann', rooms: ['$user.ann'] });
    await connecting;
    const joining = assert.rejects(client.userRoom().join(), code('removed'));
    node.socket.end();
    await clock.advance(1_000);
    node.socket.accept({ userId: 'bob', rooms: ['$user.bob'] });
    await joining;
  });

  it('that are left by a listener stay left', async () => {
    const { node, client } = await connected();
    const room = client.room('p', { presence: true });
    room.on('joined', () => void room.leave());
    const joining = assert.rejects(room.join(), code('removed'));
    node.socket.say(joined('p', 0, node.socket.next('join')['id'] as string));
    await joining;
    assert.equal(node.socket.next()['type'], 'leave');
    assert.deepEqual(node.socket.heard, []);
    assert.equal(room.state, 'left');
  });

  it('are forgotten where nothing hangs on them, and the same object for whoever holds one', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { node, client } = await connected();
    const held = client.room('held');
    const left = (() => {
      const room = client.room('left');
      void room.join().catch(() => {});
      void room.leave().catch(() => {});
      node.socket.say(joined('left', 0, node.socket.next('join')['id'] as string));
      node.socket.say({ type: 'left', id: node.socket.next('leave')['id'], room: 'left' });
      return new WeakRef(room);
    })();
    const refs = Object.fromEntries(['idle', 'heard', 'wanted', 'since'].map(name => [name, new WeakRef(client.room(name))]));
    client.room('heard').on('reset', () => {});
    client.room('wanted').subscribe(() => {});
    client.room('since', { since: { epoch: 'E', offset: 1 } });
    node.socket.heard.length = 0;
    // A WeakRef that is looked at keeps its object until the turn is over.
    for (let turn = 0; turn < 3; turn++) {
      await settle();
      collect();
    }
    assert.deepEqual(Object.entries(refs).filter(([, room]) => room.deref()).map(([name]) => name), ['heard', 'wanted', 'since']);
    assert.equal(client.room('held'), held);
    assert.equal(left.deref(), undefined);
  });

  it('survive a node that talks nonsense', async () => {
    const { node, client, errors } = await connected();
    const got: unknown[] = [];
    client.room('a').subscribe(({ payload }) => got.push(payload));
    const { id } = node.socket.next();
    node.socket.say({ type: 'reset' }, { type: 'joined', id, room: 'a' }, { type: 'drain' }, [] as never, joined('a', 0, id as string));
    assert.ok(errors.length >= 2 && errors.every(error => error.code === 'bad_message'), String(errors));
  });

  it('reject a join that is refused, and tell the error event where nobody waits', async () => {
    const { node, client, errors } = await connected();
    const room = client.room('a');
    const joining = room.join();
    const refuse = () => node.socket.say({
      type: 'error', id: node.socket.next('join')['id'], room: 'a', payload: { code: 'forbidden', message: 'no', retryable: false } });
    refuse();
    await assert.rejects(joining, code('forbidden'));
    assert.equal(errors.length, 0);
    assert.equal(room.state, 'left');
    room.subscribe(() => {});
    refuse();
    assert.deepEqual(errors.map(error => [error.code, error.room]), [['forbidden', 'a']]);
  });

  it('refuse names that no room has', () => {
    const { client } = given();
    for (const name of ['', 'a b', 'ä', '.', '..', 'a/b', 'x'.repeat(129), '$', 'a$b']) {
      assert.equal(isRoomName(name), false, name);
      assert.throws(() => client.room(name), code('bad_room'));
    }
    for (const name of ['a', 'A-Z.0_9:@=', '$user.ann', 'x'.repeat(128), '...']) assert.equal(isRoomName(name), true, name);
    assert.equal(userRoomName('Jörg=x'), '$user.J=C3=B6rg=3Dx');
  });

  it('know the user’s own', async () => {
    const { node, client } = given({ token: 't' });
    assert.throws(() => client.userRoom(), code('unauthorized'));
    const connecting = client.connect();
    await settle();
    node.socket.accept({ userId: 'ann', rooms: ['$user.ann'] });
    await connecting;
    const got: unknown[] = [];
    client.userRoom<string>().subscribe(({ payload }) => got.push(payload));
    node.socket.say(joined('$user.ann'), message('$user.ann', 1, 'for you'));
    assert.deepEqual(got, ['for you']);
    assert.deepEqual(node.socket.heard, []);
  });

  it('page through the history up to a position', async () => {
    const { node, client } = await connected();
    const replayed = (async () => {
      const all: unknown[] = [];
      for await (const { payload } of client.room('a').replay({ limit: 2, upTo: { epoch: 'E', offset: 3 } })) all.push(payload);
      return all;
    })();
    const page = async (since: unknown, offsets: number[], more: boolean) => {
      await settle();
      const { id, payload } = node.socket.next('history');
      assert.deepEqual(payload, { limit: 2, ...(since ? { since } : {}) });
      node.socket.say({ type: 'history', id, room: 'a', payload: { epoch: 'E', offset: 4, messages: offsets.map(offset => message('a', offset)), more } });
    };
    await page(undefined, [1, 2], true);
    await page({ epoch: 'E', offset: 2 }, [3, 4], false);
    assert.deepEqual(await replayed, [1, 2, 3]);
  });

  it('begin with the last messages at the first join only', async () => {
    const { node, client, clock } = await connected();
    client.room('n', { last: 5 }).subscribe(() => {});
    const { id, payload } = node.socket.next('join');
    assert.deepEqual(payload, { since: { last: 5 } });
    // A room without history: there is no position to go on from.
    node.socket.say({ type: 'joined', id, room: 'n', payload: { recovered: false, count: 1 } });
    client.room('n', { presence: true });
    node.socket.end();
    await clock.advance(1_000);
    node.socket.accept();
    assert.deepEqual(node.socket.next('join')['payload'], { presence: true });
  });

  it('a list of members that is overtaken by a new one does not count', async () => {
    const { node, client } = await connected();
    const room = client.room('p', { presence: true });
    room.subscribe(() => {});
    node.socket.say(joined('p', 0, node.socket.next('join')['id'] as string));
    const old = node.socket.next('presence');
    node.socket.say({ type: 'reset', room: 'p', payload: { epoch: 'F', offset: 0 } });
    const fresh = node.socket.next('presence');
    const list = (id: unknown, ...members: string[]) => node.socket.say({
      type: 'presence', id, room: 'p', payload: { count: 1, users: 0, members: members.map(clientId => ({ clientId })) } });
    list(fresh['id'], 'new');
    list(old['id'], 'old');
    await settle();
    assert.deepEqual([...room.members.keys()], ['new']);
  });

  it('switch notices on where presence is asked for later', async () => {
    const { node, client } = await connected();
    const room = client.room('a');
    room.subscribe(() => {});
    const first = node.socket.next('join');
    client.room('a', { presence: true });
    node.socket.say(joined('a', 0, first['id'] as string));
    assert.deepEqual(node.socket.next('join')['payload'], { presence: true });
  });
});

describe('for await', () => {
  it('gives each message once, and leaves at the break', async () => {
    const { node, client } = await connected();
    const got: number[] = [];
    const loop = (async () => {
      for await (const { payload } of client.room<number>('a')) {
        got.push(payload);
        if (payload === 3) break;
      }
    })();
    node.socket.say(joined('a', 0, node.socket.next('join')['id'] as string), message('a', 1), message('a', 2), message('a', 3), message('a', 4));
    await loop;
    assert.deepEqual(got, [1, 2, 3]);
    assert.equal(node.socket.next()['type'], 'leave');
  });

  it('ends with an error rather than lose a message', async () => {
    const { node, client } = await connected();
    const messages = client.room('a').messages({ bufferSize: 2 });
    node.socket.say(joined('a', 0, node.socket.next()['id'] as string), message('a', 1), message('a', 2), message('a', 3));
    assert.equal((await messages.next()).value.payload, 1);
    assert.equal((await messages.next()).value.payload, 2);
    await assert.rejects(messages.next(), code('overflow'));
    assert.equal((await messages.next()).done, true);
  });

  it('says where a message stands, and a new loop goes on there after the node sent the client away', async () => {
    const { node, client } = await connected();
    const room = client.room('a');
    const messages = room.messages();
    node.socket.say(joined('a', 0, node.socket.next()['id'] as string), message('a', 2), message('a', 3));
    assert.deepEqual((await messages.next()).value.position, { epoch: 'E', offset: 2 });
    node.socket.end(4503);
    assert.deepEqual((await messages.next()).value.position, { epoch: 'E', offset: 3 }, 'what came is still read');
    await assert.rejects(messages.next(), code('closed'));
    await assert.rejects(room.messages().next(), code('closed'));
    const again = client.connect();
    await settle();
    assert.deepEqual(node.socket.rooms, [], 'nobody reads it');
    node.socket.accept();
    await again;
    room.messages();
    assert.deepEqual(node.socket.next('join')['payload'], { since: { epoch: 'E', offset: 3 } });
  });

  it('ends at once on a client that was closed', async () => {
    const { client } = given();
    await client.close();
    await assert.rejects((async () => {
      for await (const _ of client.room('a')) assert.fail('a message');
    })(), code('closed'));
    client.room('a').subscribe(() => {})();
    assert.equal(client.room('a').state, 'left');
  });

  it('drops the oldest where that is asked for, and counts', async () => {
    const { node, client } = await connected();
    const messages = client.room('a').messages({ bufferSize: 2, overflow: 'drop_oldest' });
    node.socket.say(joined('a', 0, node.socket.next()['id'] as string), message('a', 1), message('a', 2), message('a', 3));
    assert.equal((await messages.next()).value.payload, 2);
    assert.equal(messages.dropped, 1);
  });

  it('ends with the signal, with close(), and with an error when the node removes us', async () => {
    const { node, client } = await connected();
    const controller = new AbortController();
    const room = client.room('a');
    const [stopped, removed] = [room.messages({ signal: controller.signal }), room.messages()];
    node.socket.say(joined('a', 0, node.socket.next()['id'] as string));
    controller.abort();
    assert.equal((await stopped.next()).done, true);
    const next = assert.rejects(removed.next(), code('removed'));
    node.socket.say({ type: 'left', room: 'a', payload: { reason: 'out' } });
    await next;
    const closed = client.room('b').messages();
    void client.close();
    assert.equal((await closed.next()).done, true);
  });
});

describe('commands', () => {
  it('that were given up keep their places until they are answered, so that what is sent is bounded', async () => {
    const { node, client, clock } = await connected();
    const late = Array.from({ length: 256 }, () => assert.rejects(client.request('slow', 1, { timeoutMs: 10 }), code('timeout')));
    await clock.advance(10);
    await Promise.all(late);
    await assert.rejects(client.request('slow'), code('buffer_full'));
    node.socket.say({ type: 'response', id: node.socket.next('request')['id'], payload: null });
    const request = client.request<number>('slow');
    node.socket.say({ type: 'response', id: node.socket.heard.at(-1)!['id'], payload: 7 });
    assert.equal(await request, 7);
  });

  it('are told even where the answer is rubbish', async () => {
    const { node, client } = await connected();
    const request = assert.rejects(client.request('sum'), code('internal'));
    node.socket.say({ type: 'error', id: node.socket.next('request')['id'] });
    await request;
  });
});

describe('publishing', () => {
  it('a publish that is aborted before it is sent is never sent; one in flight keeps its place', async () => {
    const { node, client } = await connected();
    const [first, second] = [new AbortController(), new AbortController()];
    const one = assert.rejects(client.publish('a', 1, { signal: first.signal }), code('aborted'));
    const two = assert.rejects(client.publish('a', 2, { signal: second.signal }), code('aborted'));
    const three = client.publish('a', 3);
    first.abort();
    second.abort();
    await Promise.all([one, two]);
    assert.equal(client.buffered, 2);
    const { id } = node.socket.next();
    assert.deepEqual(node.socket.heard, []);
    node.socket.say({ type: 'published', id, room: 'a', payload: { messageId: 'x' } });
    const last = node.socket.next();
    assert.equal(last['payload'], 3);
    node.socket.say({ type: 'published', id: last['id'], room: 'a', payload: { messageId: 'y' } });
    assert.deepEqual(await three, { room: 'a', messageId: 'y', duplicate: false });
    await client.flush();
    assert.equal(client.buffered, 0);
  });

  it('says when it took too long, and does not send it then', async () => {
    const { client, clock, node } = given();
    const late = assert.rejects(client.publish('a', 1, { timeoutMs: 3_000 }), code('timeout'));
    await clock.advance(3_000);
    await late;
    void client.connect();
    await settle();
    node.socket.accept();
    assert.deepEqual(node.socket.heard, []);
  });

  it('keeps the payload as it was at the call', async () => {
    const { client, node } = given();
    const payload = { text: 'first' };
    void client.publish('a', payload, { key: 'mine', echo: false });
    payload.text = 'changed';
    void client.connect();
    await settle();
    node.socket.accept();
    const { id, ...sent } = node.socket.next();
    assert.deepEqual(sent, { type: 'publish', room: 'a', key: 'mine', echo: false, payload: { text: 'first' } });
  });

  it('refuses what has no form on the wire', async () => {
    const { client } = given();
    const cycle: Record<string, unknown> = {};
    cycle['me'] = cycle;
    await assert.rejects(client.publish('a', undefined), code('bad_message'));
    await assert.rejects(client.publish('a', cycle), code('bad_message'));
    await assert.rejects(client.publish('a', 1n), code('bad_message'));
    await assert.rejects(client.publish('a', 1, { key: 'x'.repeat(129) }), code('bad_message'));
    assert.equal(client.buffered, 0);
  });

  it('gives up a publish that ends every connection', async () => {
    const { client, node, clock } = await connected({ reconnect: { minDelayMs: 10, maxDelayMs: 10 } });
    const poison = assert.rejects(client.publish('a', 'poison'), code('connection_lost'));
    for (let lost = 0; lost < 10; lost++) {
      assert.equal(node.socket.next('publish')['payload'], 'poison');
      node.socket.end();
      await clock.advance(10);
      node.socket.accept();
    }
    await poison;
    assert.deepEqual(node.socket.heard, []);
  });

  it('sends the very same bytes again', async () => {
    const { client, node, clock } = await connected();
    void client.publish('a', { b: 1, a: [2] });
    const [frame] = node.socket.frames;
    node.socket.end();
    await clock.advance(1_000);
    node.socket.accept();
    assert.deepEqual(node.socket.frames, [frame]);
  });
});

describe('several messages in one turn', () => {
  it('a message right behind its joined is not lost', async () => {
    const { node, client } = await connected();
    const got: Message[] = [];
    client.room('a').subscribe(one => got.push(one));
    const { id } = node.socket.next('join');
    node.socket.say(joined('a', 0, id as string), message('a', 1));
    assert.equal(got.length, 1);
  });
});
