import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Link } from '../support/link.js';
import type { FanoutClientOptions } from '../../src/index.js';
import { Collected, TestClient } from '../support/clients.js';
import { FanoutNode, RedisServer, signingKey, within } from '../support/processes.js';
import { token } from '../support/tokens.js';

/** So many numbered messages each way at least, while something breaks. */
const Messages = 1_000;

/** A client, and the first loss of its connection with the connection after it; they may have been already. */
interface Talker {
  readonly client: TestClient;
  readonly gone: Promise<{ readonly code: number }>;
  readonly back: Promise<unknown>;
}

interface Numbered {
  readonly from: string;
  readonly n: number;
}

describe('two nodes and a Redis, while things break', () => {
  let redis: RedisServer;
  let nodes: [FanoutNode, FanoutNode];
  /** Its silence is noticed within seconds. */
  let watched: FanoutNode;
  let count = 0;
  const room = () => `chaos.${process.pid}.${++count}`;

  before(async () => {
    redis = await RedisServer.start();
    const settings = {
      'Fanout:Redis:ConnectionString': `127.0.0.1:${redis.port}`,
      'Fanout:Limits:MessagesPerSecond': '5000',
      'Fanout:Limits:MessageBurst': '10000',
      'Fanout:Rooms:0:Pattern': '*',
      // More than a fast machine publishes while a client is away.
      'Fanout:Rooms:0:HistorySize': '100000',
      'Fanout:Auth:Jwt:SigningKey': signingKey,
      'Fanout:Drain:Window': '00:00:01',
      'Fanout:Drain:Notice': '00:00:00',
      'Fanout:Drain:Deadline': '00:00:10',
      'Fanout:Heartbeat:Interval': '00:00:01',
      // A node that gives nobody up for being slow: how many connections are lost is what the tests count.
      'Fanout:Heartbeat:Timeout': '00:01:00',
    };
    nodes = [await FanoutNode.start(settings), await FanoutNode.start(settings)];
    // Where the pings are seen, the client takes the node's timeout for how long it may be silent.
    watched = await FanoutNode.start({ ...settings, 'Fanout:Heartbeat:Timeout': '00:00:05' });
  });

  after(async () => {
    await Promise.all([...nodes, watched].map(node => node.kill()));
    await redis[Symbol.asyncDispose]();
  });

  /**
   * Two clients publish numbers, each hears both. `breaks` is called when a third of them is through, and they go on until it is over. At the
   * end each client has seen every number of each once and in order, both have seen one order, and nobody was told of a loss.
   */
  async function numbered(
    addresses: [string[], string[]], breaks: (clients: Talker[]) => Promise<void>,
    options: (index: number) => Partial<FanoutClientOptions> = () => ({})): Promise<{ lost: number }> {
    const name = room();
    let lost = 0;
    let over = false;
    const talkers = await Promise.all(addresses.map(async (urls, index) => {
      // A machine that stands still for a while is no loss; who needs one to be noticed says so.
      const client = new TestClient(urls, { pongTimeoutMs: 60_000, ...options(index) });
      // Kept from the first moment on: on a slow machine a token's end comes before the test gets to ask for it.
      const gone = client.once('disconnected');
      const back = gone.then(() => client.once('connected'));
      const got = new Collected<Numbered>();
      const losses: string[] = [];
      client.on('disconnected', () => lost++);
      client.room<Numbered>(name).subscribe(({ payload }) => got.add(payload));
      client.room(name).on('reset', ({ reason }) => losses.push(reason));
      await within(client.connect(), 'a connection');
      await within(client.room(name).join(), 'the room');
      return { client, gone, back, got, losses, from: `client ${index}` };
    }));
    try {
      const publishing = talkers.map(async ({ client, from }) => {
        const offsets: number[] = [];
        for (let n = 0; n < Messages || !over; n++) offsets.push((await client.publish(name, { from, n })).offset!);
        return offsets;
      });
      await talkers[0]!.got.count(Messages * 2 / 3);
      await breaks(talkers);
      over = true;
      const offsets = await within(Promise.all(publishing), 'all acknowledgements', 60_000, () => [...nodes, watched].map(node => node.log).join('\n---\n'));
      const total = offsets.flat().length;
      for (const { got, losses } of talkers) {
        await got.count(total);
        for (const [index, { from }] of talkers.entries()) {
          assert.deepEqual(got.items.filter(item => item.from === from).map(item => item.n), offsets[index]!.map((_, n) => n));
        }
        assert.deepEqual(losses, []);
      }
      assert.deepEqual(talkers[0]!.got.items, talkers[1]!.got.items, 'one order for all');
      assert.deepEqual(offsets.flat().sort((a, b) => a - b), Array.from({ length: total }, (_, index) => index + 1), 'each was stored once');
      return { lost };
    } finally {
      over = true;
      await Promise.all(talkers.map(({ client }) => client.close()));
    }
  }

  const both = (): [string[], string[]] => [[nodes[0].url, nodes[1].url], [nodes[1].url, nodes[0].url]];

  it('nothing breaks', { timeout: 120_000 }, async () => {
    assert.equal((await numbered(both(), async () => {})).lost, 0);
  });

  it('a node is killed', { timeout: 120_000 }, async () => {
    assert.ok((await numbered(both(), () => nodes[0].kill())).lost > 0);
    await nodes[0].start();
  });

  it('a node is drained', { timeout: 120_000 }, async () => {
    assert.ok((await numbered(both(), () => nodes[1].drain())).lost > 0);
    await nodes[1].start();
  });

  it('a node stands still, and goes on later', { timeout: 120_000 }, async () => {
    const { lost } = await numbered([[watched.url, nodes[1].url], [nodes[1].url, watched.url]], async ([talker]) => {
      const elsewhere = Promise.all([talker!.client.once('disconnected'), talker!.client.once('connected')]);
      watched.pause();
      try {
        await within(elsewhere, 'its client to give it up and to be at the other');
      } finally {
        watched.resume();
      }
    }, index => index === 0 ? { pongTimeoutMs: 1_000 } : {});
    assert.ok(lost > 0);
  });

  it('the link is cut again and again', { timeout: 120_000 }, async () => {
    await using link = await Link.to(nodes[0].port);
    const { lost } = await numbered([[link.url], [nodes[1].url]], async ([talker]) => {
      for (let cut = 0; cut < 10; cut++) {
        const back = Promise.all([talker!.client.once('disconnected'), talker!.client.once('connected')]);
        link.cut();
        await within(back, 'its client to be back');
      }
    });
    assert.equal(lost, 10);
  });

  it('the link dies without a sign', { timeout: 120_000 }, async () => {
    await using link = await Link.to(watched.port);
    const { lost } = await numbered(
      [[link.url, nodes[1].url], [nodes[1].url]], async () => link.swallow(true), index => index === 0 ? { pongTimeoutMs: 3_000 } : {});
    assert.equal(lost, 1);
  });

  it('tokens end, and are refreshed over the sockets', { timeout: 120_000 }, async () => {
    const refreshed = new Collected<number>();
    const { lost } = await numbered(both(), () => refreshed.until(
      items => [0, 1].every(index => items.filter(item => item === index).length >= 2), 'two refreshes of each', 60_000).then(() => {}), index => ({
      token: ({ reason }) => {
        if (reason === 'expiring') refreshed.add(index);
        return token(`user${index}`, { seconds: 12 });
      },
    }));
    assert.equal(lost, 0);
  });

  it('tokens end, and there is a new one only for a new connection', { timeout: 120_000 }, async () => {
    const { lost } = await numbered(both(), async talkers => {
      await within(Promise.all(talkers.map(async ({ gone, back }) => {
        assert.equal((await gone).code, 4002);
        await back;
      })), 'the ends of both tokens, and both back', 60_000);
    }, index => {
      let connects = 0;
      return {
        token: ({ reason }) => {
          if (reason === 'expiring') throw new Error('the login service is away');
          return token(`user${index}`, { seconds: ++connects === 1 ? 8 : 3_600 });
        },
      };
    });
    assert.equal(lost, 2);
  });

  it('publishes that are buffered while nobody can be reached go out in order', { timeout: 60_000 }, async () => {
    await using link = await Link.to(nodes[0].port);
    const name = room();
    await using writer = await TestClient.connected(link.url);
    await using reader = await TestClient.connected(nodes[1].url);
    const got = new Collected<number>();
    reader.room<number>(name).subscribe(({ payload }) => got.add(payload));
    await reader.room(name).join();
    const away = writer.once('disconnected');
    link.down();
    await within(away, 'the loss');
    const published = Array.from({ length: 100 }, (_, n) => writer.publish(name, n));
    await assert.rejects(writer.publish(name, 100), { code: 'buffer_full' });
    link.up();
    const acknowledged = await within(Promise.all(published), 'all acknowledgements');
    assert.deepEqual(await got.count(100), Array.from({ length: 100 }, (_, n) => n));
    assert.deepEqual(acknowledged.map(({ offset }) => offset), Array.from({ length: 100 }, (_, n) => n + 1));
  });
});
