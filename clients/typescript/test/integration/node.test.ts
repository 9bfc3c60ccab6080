import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FanoutError, userRoomName, type Message } from '../../src/index.js';
import { msgpack } from '../../src/msgpack.js';
import { Collected, TestClient, webSocket } from '../support/clients.js';
import { FanoutNode, within } from '../support/processes.js';
import { token, tokenSettings } from '../support/tokens.js';

const code = (expected: string) => (error: unknown) => error instanceof FanoutError && error.code === expected;
let count = 0;
const roomName = () => `r.${process.pid}.${++count}`;

describe('one node, anonymous clients', () => {
  let node: FanoutNode;
  before(async () => {
    node = await FanoutNode.start({ 'Fanout:Limits:MaxMessageBytes': '65536', 'Fanout:Limits:MessagesPerSecond': '1000', 'Fanout:Limits:MessageBurst': '2000' });
  });
  after(() => node.kill());

  it('talks, in JSON and MessagePack, byte for byte', async () => {
    await using json = await TestClient.connected(node.url);
    await using packed = await TestClient.connected(node.url, { codec: msgpack });
    const name = roomName();
    const [one, two] = [new Collected<unknown>(), new Collected<unknown>()];
    json.room(name).subscribe(({ payload }) => one.add(payload));
    packed.room(name).subscribe(({ payload }) => two.add(payload));
    await Promise.all([json.room(name).join(), packed.room(name).join()]);
    const payload = { text: 'Grüße 👋', numbers: [0, -1, 1.5, 2 ** 40, 1e300], nested: { empty: [], nothing: null, yes: true } };
    await json.publish(name, payload);
    await packed.publish(name, payload);
    assert.deepEqual(await one.count(2), [payload, payload]);
    assert.deepEqual(await two.count(2), [payload, payload]);
    await packed.publish(name, { bytes: Uint8Array.of(1, 2, 3) });
    assert.deepEqual((await one.count(3))[2], { bytes: 'AQID' });
    assert.deepEqual(new Uint8Array(((await two.count(3))[2] as { bytes: Uint8Array }).bytes), Uint8Array.of(1, 2, 3));
  });

  it('brings one’s own first message back, though nobody waited for the join', async () => {
    await using client = new TestClient(node.url);
    const room = client.room<number>(roomName());
    const got = new Collected<number>();
    room.subscribe(({ payload }) => got.add(payload));
    const published = room.publish(1);
    await client.connect();
    assert.equal((await published).offset, 1);
    assert.deepEqual(await got.count(1), [1]);
  });

  it('reads history page by page, and presence', async () => {
    await using client = await TestClient.connected(node.url);
    const room = client.room<number>(roomName());
    const joined = await room.join();
    for (let index = 1; index <= 7; index++) await room.publish(index);
    const all: number[] = [];
    for await (const { payload } of room.replay({ limit: 3 })) all.push(payload);
    assert.deepEqual(all, [1, 2, 3, 4, 5, 6, 7]);
    const page = await room.history({ since: { epoch: joined.position!.epoch, offset: 5 } });
    assert.deepEqual(page.messages.map(({ payload }) => payload), [6, 7]);
    assert.equal(page.next, undefined);
    const { count, members } = await room.presence();
    assert.equal(count, 1);
    assert.deepEqual(members!.map(({ clientId }) => clientId), [client.info!.clientId]);
    assert.deepEqual(await room.presence({ count: true }), { count: 1, users: 0 });
  });

  it('refuses a publish over the limit without losing the connection', async () => {
    await using client = await TestClient.connected(node.url);
    const name = roomName();
    let lost = 0;
    client.on('disconnected', () => lost++);
    await assert.rejects(client.publish(name, 'x'.repeat(70_000)), code('too_large'));
    await client.publish(name, 'small');
    assert.equal(lost, 0);
  });

  it('fails what caused a 1009, does not send it again, and comes back', async () => {
    await using client = await TestClient.connected(node.url);
    const name = roomName();
    const got = new Collected<unknown>();
    client.room(name).subscribe(({ payload }) => got.add(payload));
    await client.room(name).join();
    const back = client.once('connected');
    // A request is not checked before it is sent.
    await assert.rejects(client.request('big', 'x'.repeat(70_000)), (error: FanoutError) => error.code === 'too_large' || error.code === 'connection_lost');
    await within(back, 'a new connection');
    await client.publish(name, 'still here');
    assert.deepEqual(await got.count(1), ['still here']);
  });

  it('answers a request with what the node says', async () => {
    await using client = await TestClient.connected(node.url);
    await assert.rejects(client.request('sum', [1, 2]), code('method_not_found'));
  });

  it('for await over a room, 1,000 messages each way, in order', { timeout: 60_000 }, async () => {
    await using writer = await TestClient.connected(node.url, { maxBufferedPublishes: 1_000 });
    await using reader = await TestClient.connected(node.url);
    const name = roomName();
    const messages = reader.room<number>(name).messages();
    await reader.room(name).join();
    const published = Promise.all(Array.from({ length: 1_000 }, (_, index) => writer.publish(name, index)));
    const got: number[] = [];
    for await (const { payload } of messages) if (got.push(payload) === 1_000) break;
    assert.deepEqual(got, Array.from({ length: 1_000 }, (_, index) => index));
    assert.deepEqual((await published).map(({ offset }) => offset), got.map(index => index + 1));
  });

  it('hears a back end that publishes by HTTP', async () => {
    await using client = await TestClient.connected(node.url);
    const name = roomName();
    const got = new Collected<Message>();
    client.room(name).subscribe(got.add);
    await client.room(name).join();
    const { id } = await node.publish(name, { from: 'the back end' });
    const [message] = await got.count(1);
    assert.equal(message!.id, id);
    assert.equal(message!.from, undefined);
  });

  it('goes on behind a stored position', async () => {
    await using client = await TestClient.connected(node.url);
    const room = client.room<number>(roomName());
    const { position } = await room.join();
    await room.publish(1);
    await room.publish(2);
    await using later = new TestClient(node.url);
    const got = new Collected<number>();
    later.room<number>(room.name, { since: { ...position!, offset: 1 } }).subscribe(({ payload }) => got.add(payload));
    await later.connect();
    assert.deepEqual(await got.count(1), [2]);
  });

  it('is refused with a status it can see: an unknown path', async () => {
    await using client = new TestClient(`${node.url}/nowhere`, { reconnect: { maxAttempts: 1, minDelayMs: 1 } });
    await assert.rejects(client.connect(), code('gave_up'));
  });
});

describe('one node, tokens', () => {
  let node: FanoutNode;
  before(async () => {
    node = await FanoutNode.start({ ...tokenSettings, 'Fanout:Rooms:0:Pattern': 'lobby.*', 'Fanout:Rooms:0:Presence': 'true' });
  });
  after(() => node.kill());

  it('keeps a live list of members', async () => {
    await using ann = await TestClient.connected(node.url, { token: () => token('ann') });
    const name = `lobby.${roomName()}`;
    const lobby = ann.room<unknown, { name: string }>(name, { presence: true });
    const lists = new Collected<string[]>();
    lobby.on('members', members => lists.add([...members.values()].map(({ info }) => info?.name ?? '?').sort()));
    lobby.subscribe(() => {});
    await lists.until(items => items.at(-1)?.join() === 'ann', 'ann alone');
    const bob = await TestClient.connected(node.url, { token: () => token('bob') });
    await bob.room(name).join();
    await lists.until(items => items.at(-1)?.join() === 'ann,bob', 'ann and bob');
    await bob.close();
    await lists.until(items => items.at(-1)?.join() === 'ann', 'ann alone again');
    assert.deepEqual(ann.errors, []);
  });

  it('reaches a user in its own room', async () => {
    await using ann = await TestClient.connected(node.url, { token: token('ann') });
    const got = new Collected<unknown>();
    ann.userRoom().subscribe(({ payload }) => got.add(payload));
    await ann.userRoom().join();
    await node.publish('$user.ann', 'you have mail');
    assert.deepEqual(await got.count(1), ['you have mail']);
  });

  it('begins with the last messages of a user’s own room', async () => {
    for (const text of ['one', 'two', 'three']) await node.publish('$user.cat', text);
    await using cat = new TestClient(node.url, { token: token('cat') });
    const got = new Collected<unknown>();
    cat.room(userRoomName('cat'), { last: 2 }).subscribe(({ payload }) => got.add(payload));
    await cat.connect();
    await got.count(2);
    await node.publish('$user.cat', 'four');
    assert.deepEqual(await got.count(3), ['two', 'three', 'four']);
    assert.deepEqual(cat.errors, []);
  });

  it('refreshes its token over the socket, and is not cut', { timeout: 60_000 }, async () => {
    const reasons: string[] = [];
    await using client = await TestClient.connected(node.url, {
      token: ({ reason }) => (reasons.push(reason), token('ann', { seconds: reasons.length === 1 ? 10 : 3_600 })),
    });
    let lost = 0;
    client.on('disconnected', () => lost++);
    const name = roomName();
    await client.room(name).join();
    const ends = client.info!.expiresAt!;
    await new Promise(resolve => setTimeout(resolve, ends - Date.now() + 1_000));
    await client.publish(name, 'still here');
    assert.deepEqual(reasons, ['connect', 'expiring']);
    assert.equal(lost, 0);
  });

  it('comes back with a new token after 4002, and misses nothing', { timeout: 60_000 }, async () => {
    let calls = 0;
    await using client = new TestClient(node.url, {
      token: ({ reason }) => {
        if (reason === 'expiring') throw new Error('the login service is away');
        return token('ann', { seconds: ++calls === 1 ? 8 : 3_600 });
      },
    });
    const codes = new Collected<number>();
    client.on('disconnected', ({ code: ended }) => codes.add(ended));
    // From the start on: on a slow machine it is back before anybody asks.
    const connections = new Collected<unknown>();
    client.on('connected', connections.add);
    const name = roomName();
    const got = new Collected<unknown>();
    client.room(name).subscribe(({ payload }) => got.add(payload));
    await client.connect();
    await client.room(name).join();
    assert.deepEqual(await codes.count(1), [4002]);
    await node.publish(name, 'while away');
    await connections.count(2);
    assert.deepEqual(await got.count(1), ['while away']);
    assert.ok(client.errors.some(error => error.code === 'token_failed'));
  });

  it('is told which rooms a new token does not allow', async () => {
    let join = ['*'];
    await using client = await TestClient.connected(node.url, { token: () => token('ann', { join }) });
    const room = client.room(roomName());
    await room.join();
    const left = room.once('left');
    join = ['other.*'];
    await client.refreshToken();
    assert.match((await within(left, 'left')).reason, /./);
    assert.equal(room.state, 'left');
    await assert.rejects(room.join(), code('forbidden'));
  });

  it('stays away without a token that is good', { skip: webSocket === (globalThis as { WebSocket?: unknown }).WebSocket && 'the platform hides the status' }, async () => {
    await using client = new TestClient(node.url, { token: 'no.good.token' });
    await assert.rejects(client.connect(), code('unauthorized'));
    await using anonymous = new TestClient(node.url, { reconnect: { maxAttempts: 2, minDelayMs: 1 } });
    await assert.rejects(anonymous.connect(), code('unauthorized'));
  });
});
