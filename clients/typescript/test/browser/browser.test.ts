import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { Link } from '../support/link.js';
import { FanoutNode, OwnProcess, RedisServer, freePort } from '../support/processes.js';
import { repository } from '../support/repository.js';

const pictures = `${repository}/artifacts/test-results/pages`;

describe('the example pages in Chromium', { timeout: 180_000 }, () => {
  let redis: RedisServer;
  /** The pages talk to the first; the second stands for the rest of the world. */
  let nodes: [FanoutNode, FanoutNode];
  let web: OwnProcess;
  let address: string;
  let browser: Browser;
  let context: BrowserContext;
  const faults: string[] = [];

  before(async () => {
    redis = await RedisServer.start();
    const settings = { 'Fanout:Redis:ConnectionString': `127.0.0.1:${redis.port}` };
    nodes = [await FanoutNode.start(settings, 'Development'), await FanoutNode.start(settings, 'Development')];
    [web, address] = await serve(`http://127.0.0.1:${nodes[0].port}`);
    // The container's own walls are enough, and root has no sandbox.
    browser = await chromium.launch({ executablePath: process.env['FANOUT_TEST_CHROMIUM'] || '/usr/bin/chromium', args: ['--no-sandbox'] });
    mkdirSync(pictures, { recursive: true });
  });

  after(async () => {
    await browser?.close();
    await web?.stop();
    await Promise.all(nodes?.map(node => node.kill()) ?? []);
    await redis?.[Symbol.asyncDispose]();
  });

  async function serve(node: string): Promise<[OwnProcess, string]> {
    const server = new OwnProcess(process.execPath, [`${repository}/examples/web/serve.mjs`, '--port', String(await freePort()), '--node', node], process.env);
    return [server, (await server.line(/^(http:\S+)/))[1]!];
  }

  beforeEach(async () => {
    faults.length = sent.length = 0;
    context = await browser.newContext({ viewport: { width: 720, height: 560 } });
  });

  afterEach(async () => {
    await context.close();
    assert.deepEqual(faults, [], 'errors of the pages');
  });

  /** Frames that the pages have sent. */
  const sent: string[] = [];

  async function open(path: string, at = address): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', error => faults.push(String(error)));
    page.on('websocket', socket => socket.on('framesent', ({ payload }) => sent.push(String(payload))));
    await page.goto(`${at}/${path}`);
    await state(page, 'connected');
    return page;
  }

  const state = (page: Page, wanted: string) => page.locator(`#state[data-state=${wanted}]`).waitFor();
  const said = (page: Page, text: string) => page.locator('#messages li:not(.note)', { hasText: text });

  async function say(page: Page, text: string): Promise<void> {
    await page.fill('input[name=text]', text);
    await page.click('button.main');
  }

  it('two tabs talk; the node is killed; what was said meanwhile arrives, once and in order', async () => {
    const [ann, bob] = [await open('chat.html?room=killed'), await open('chat.html?room=killed')];
    await ann.fill('input[name=name]', 'ann');
    await say(ann, 'hello from ann');
    await said(bob, 'hello from ann').waitFor();
    await say(bob, 'hello from bob');
    await said(ann, 'hello from bob').waitFor();

    await nodes[0].kill();
    await Promise.all([state(ann, 'reconnecting'), state(bob, 'reconnecting')]);
    await say(ann, 'written while away');
    await ann.locator('li.waiting').waitFor();
    await nodes[1].publish('killed', { name: 'world', text: 'said meanwhile' });
    await ann.screenshot({ path: `${pictures}/chat-away.png` });
    await nodes[0].start();

    for (const page of [ann, bob]) {
      await said(page, 'said meanwhile').waitFor();
      await said(page, 'written while away').waitFor();
      for (const text of ['hello from ann', 'hello from bob', 'said meanwhile', 'written while away']) assert.equal(await said(page, text).count(), 1, text);
      assert.equal(await page.locator('li.note').count(), 0);
    }
    await ann.locator('li.waiting').waitFor({ state: 'detached' });
    assert.deepEqual(await ann.locator('#messages li').allInnerTexts(), await bob.locator('#messages li').allInnerTexts(), 'one order for all');
    await ann.screenshot({ path: `${pictures}/chat.png` });
  });

  it('goes offline, notices at once that its connection is dead, and is back as soon as it is online', async () => {
    await using link = await Link.to(nodes[0].port);
    const [server, at] = await serve(link.url.replace('ws:', 'http:'));
    try {
      const page = await open('chat.html?room=offline', at);
      await say(page, 'first');
      await said(page, 'first').and(page.locator(':not(.waiting)')).waitFor();
      const pings = () => sent.filter(frame => frame.includes('"ping"')).length;
      assert.equal(pings(), 0);
      // Chromium tells the page, and leaves the open socket alone; that is what the link is for.
      link.swallow(true);
      await context.setOffline(true);
      await page.locator('#state[data-state=reconnecting]').waitFor({ timeout: 20_000 });
      assert.equal(pings(), 1, 'it asked because of the event: by itself it would in half a minute');
      await say(page, 'written offline');
      await page.locator('li.waiting', { hasText: 'written offline' }).waitFor();
      await nodes[1].publish('offline', { name: 'world', text: 'while offline' });
      link.swallow(false);
      await context.setOffline(false);
      await state(page, 'connected');
      for (const text of ['while offline', 'written offline']) {
        await said(page, text).and(page.locator(':not(.waiting)')).waitFor();
        assert.equal(await said(page, text).count(), 1, text);
      }
      assert.equal(await page.locator('li.note').count(), 0);
    } finally {
      await server.stop();
    }
  });

  it('looks as designed: light and dark, on a desk and in a hand', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [kind, viewport] of [['desktop', { width: 1_440, height: 900 }], ['phone', { width: 390, height: 844 }]] as const) {
        await context.close();
        context = await browser.newContext({ viewport, colorScheme });
        const chat = await open(`chat.html?room=design.${kind}.${colorScheme}`);
        await chat.fill('input[name=name]', 'ann');
        await say(chat, 'Since seven. I pulled the plug on it twice, and everything that was said in between came back in order.');
        await nodes[1].publish(`design.${kind}.${colorScheme}`, { name: 'bob', text: `https://push.example.com/${'long'.repeat(40)}` });
        await said(chat, 'https').waitFor();
        const notifications = await open('notifications.html');
        await say(notifications, 'The invoice for October is here');
        await notifications.locator('#items li').waitFor();
        for (const [name, page] of [['chat', chat], ['notifications', notifications]] as const) {
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight), `${name} fits ${kind}`);
          await page.screenshot({ path: `${pictures}/${name}-${kind}-${colorScheme}.png` });
        }
      }
    }
  });

  it('keeps its unread count over a lost node and a reload, and counts nothing twice', async () => {
    const page = await open('notifications.html');
    const unread = (count: string) => page.locator('#unread', { hasText: new RegExp(`^${count}$`) }).waitFor({ state: count ? 'visible' : 'attached' });
    const room = `notifications.${await page.evaluate(() => localStorage.getItem('visitor'))}`;
    await say(page, 'one');
    await unread('1');
    await nodes[0].kill();
    await state(page, 'reconnecting');
    await nodes[1].publish(room, 'two');
    await nodes[0].start();
    await unread('2');
    await page.screenshot({ path: `${pictures}/notifications.png` });

    await page.goto('about:blank');
    await nodes[1].publish(room, 'three');
    await page.goto(`${address}/notifications.html`);
    await unread('3');
    await page.click('#bell');
    await unread('');
    await page.reload();
    await state(page, 'connected');
    await unread('');
    assert.deepEqual(await page.locator('#items li').allInnerTexts().then(items => items.map(item => item.split('\n').at(-1))), ['three', 'two', 'one']);
  });
});
