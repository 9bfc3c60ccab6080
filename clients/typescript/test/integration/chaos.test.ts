import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Link } from '../support/link.js';
import { Collected, TestClient } from '../support/clients.js';
import { FanoutNode, RedisServer, within } from '../support/processes.js';

/** So many numbered messages each way, while something breaks. */
const Messages = 1_000;

interface Numbered {
  readonly from: string;
  readonly n: number;
}

describe('two nodes and a Redis, while things break', () => {
  let redis: RedisServer;
  let nodes: [FanoutNode, FanoutNode];
  let count = 0;
  const room = () => `chaos.${process.pid}.${++count}`;

  before(async () => {
    redis = await RedisServer.start();
    const settings = {
      'Fanout:Redis:ConnectionString': `127.0.0.1:${redis.port}`,
      'Fanout:Limits:MessagesPerSecond': '5000',
      'Fanout:Limits:MessageBurst': '10000',
      'Fanout:Rooms:0:Pattern': '*',
      'Fanout:Rooms:0:HistorySize': '10000',
      'Fanout:Drain:Window': '00:00:01',
      'Fanout:Drain:Notice': '00:00:00',
      'Fanout:Drain:Deadline': '00:00:10',
      'Fanout:Heartbeat:Interval': '00:00:01',
      'Fanout:Heartbeat:Timeout': '00:00:03',
    };
    nodes = [await FanoutNode.start(settings), await FanoutNode.start(settings)];
  });

  after(async () => {
    await Promise.all(nodes.map(node => node.kill()));
    await redis[Symbol.asyncDispose]();
  });

  /**
   * Two clients publish numbers, each hears both. `breaks` is called when a third of them is through. At the end each client has seen every
   * number of each once and in order, both have seen one order, and nobody was told of a loss.
   */
  async function numbered(addresses: [string[], string[]], breaks: () => Promise<void>): Promise<{ lost: number }> {
    const name = room();
    let lost = 0;
    const talkers = await Promise.all(addresses.map(async (urls, index) => {
      const client = new TestClient(urls, { pongTimeoutMs: 1_000 });
      const got = new Collected<Numbered>();
      const losses: string[] = [];
      client.on('disconnected', () => lost++);
      client.room<Numbered>(name).subscribe(({ payload }) => got.add(payload));
      client.room(name).on('reset', ({ reason }) => losses.push(reason));
      await within(client.connect(), 'a connection');
      await within(client.room(name).join(), 'the room');
      return { client, got, losses, from: `client ${index}` };
    }));
    try {
      const publishing = talkers.map(async ({ client, from }) => {
        const offsets: number[] = [];
        for (let n = 0; n < Messages; n++) offsets.push((await client.publish(name, { from, n })).offset!);
        return offsets;
      });
      await talkers[0]!.got.count(Messages * 2 / 3);
      await breaks();
      const offsets = await within(Promise.all(publishing), 'all acknowledgements', 60_000, () => nodes.map(node => node.log).join('\n---\n'));
      const numbers = Array.from({ length: Messages }, (_, n) => n);
      for (const { got, losses } of talkers) {
        await got.count(2 * Messages);
        for (const { from } of talkers) assert.deepEqual(got.items.filter(item => item.from === from).map(item => item.n), numbers);
        assert.deepEqual(losses, []);
      }
      assert.deepEqual(talkers[0]!.got.items, talkers[1]!.got.items, 'one order for all');
      assert.deepEqual(offsets.flat().sort((a, b) => a - b), Array.from({ length: 2 * Messages }, (_, index) => index + 1), 'each was stored once');
      return { lost };
    } finally {
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
    const { lost } = await numbered(both(), async () => {
      nodes[0].pause();
      // Long enough that its client gives it up, and short of the end of its lease.
      await new Promise(resolve => setTimeout(resolve, 6_000));
      nodes[0].resume();
    });
    assert.ok(lost > 0);
  });

  it('the link is cut again and again', { timeout: 120_000 }, async () => {
    await using link = await Link.to(nodes[0].port);
    const { lost } = await numbered([[link.url], [nodes[1].url]], async () => {
      for (let cut = 0; cut < 10; cut++) {
        link.cut();
        await new Promise(resolve => setTimeout(resolve, 30 * cut));
      }
    });
    assert.ok(lost > 1);
  });

  it('the link dies without a sign', { timeout: 120_000 }, async () => {
    await using link = await Link.to(nodes[0].port);
    const { lost } = await numbered([[link.url, nodes[1].url], [nodes[1].url]], async () => link.swallow(true));
    assert.equal(lost, 1);
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
