import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { FanoutNode } from '../support/processes.js';
import { repository } from '../support/repository.js';

const here = `${repository}/clients/typescript`;

/** The JSON client in a page: minified and compressed, as it is sent. */
const SizeBudget = 10_000;

describe('the package, installed into a project outside of the repository', () => {
  let folder: string;
  let tarball: string;
  const run = (command: string, ...args: string[]) => {
    try {
      return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe', timeout: 120_000 });
    } catch (cause) {
      const { stdout, stderr } = cause as { stdout: string; stderr: string };
      throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
    }
  };
  // Beside this process, which takes in what the node says meanwhile.
  const runBeside = async (script: string) => (await promisify(execFile)(process.execPath, [script], { cwd: folder, timeout: 60_000 })).stdout;
  const write = (name: string, content: string) => writeFileSync(`${folder}/${name}`, content);

  before(() => {
    folder = mkdtempSync(`${tmpdir()}/fanout-ts-package-`);
    const [{ filename }] = JSON.parse(execFileSync(
      'npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as [{ filename: string }];
    tarball = `${folder}/${filename}`;
    write('package.json', '{"name":"somebody","private":true}');
    run('npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', `./${filename}`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('holds what it needs and nothing else', () => {
    const manifest = JSON.parse(readFileSync(`${folder}/node_modules/@fanout/client/package.json`, 'utf8')) as { dependencies: object };
    assert.deepEqual(Object.keys(manifest.dependencies), ['@msgpack/msgpack']);
    const files = run('find', 'node_modules/@fanout/client', '-type', 'f').trim().split('\n').map(name => name.replace('node_modules/@fanout/client/', ''));
    assert.ok(files.every(name => /^(dist\/(esm|cjs)\/\w+\.(js|d\.ts)|dist\/cjs\/package\.json|package\.json|README\.md|LICENSE)$/.test(name)), files.join('\n'));
    assert.ok(files.includes('LICENSE') && files.includes('README.md'));
  });

  const use = `
    class Socket { readyState = 0; constructor(url, protocols) { console.log(url, protocols.join()); } addEventListener() {} send() {} close() {} }
    const client = new FanoutClient({ url: 'http://localhost:8080', webSocket: Socket, codec: msgpack });
    client.connect().catch(error => console.log(error instanceof FanoutError, error.code));
    setImmediate(() => { client.close(); setImmediate(() => process.exit()); });`;
  const expected = 'ws://localhost:8080/ws fanout.v1.msgpack\ntrue closed\n';

  it('is imported', () => {
    write('use.mjs', `import { FanoutClient, FanoutError } from '@fanout/client'; import { msgpack } from '@fanout/client/msgpack'; ${use}`);
    assert.equal(run(process.execPath, 'use.mjs'), expected);
  });

  it('is required', () => {
    write('use.cjs', `const { FanoutClient, FanoutError } = require('@fanout/client'); const { msgpack } = require('@fanout/client/msgpack'); ${use}`);
    assert.equal(run(process.execPath, 'use.cjs'), expected);
  });

  it('talks to a node', async () => {
    const node = await FanoutNode.start({});
    try {
      write('talk.mjs', `
        import { FanoutClient } from '@fanout/client';
        import { msgpack } from '@fanout/client/msgpack';
        import webSocket from '${here}/node_modules/ws/wrapper.mjs';
        for (const codec of [undefined, msgpack]) {
          const client = new FanoutClient({ url: '${node.url}', webSocket, codec });
          const room = client.room('package');
          const heard = new Promise(resolve => room.subscribe(({ payload }) => resolve(payload)));
          await client.connect();
          await room.join();
          console.log((await room.publish({ text: 'from outside' })).offset, JSON.stringify(await heard));
          await client.close();
        }`);
      assert.equal(await runBeside('talk.mjs'), '1 {"text":"from outside"}\n2 {"text":"from outside"}\n');
    } finally {
      node.kill();
    }
  });

  const typed = `
    import { FanoutClient, type Message, type WebSocketConstructor } from '@fanout/client';
    import { msgpack } from '@fanout/client/msgpack';
    interface Chat { text: string }
    // The browser's class fits without a cast.
    const type: WebSocketConstructor = WebSocket;
    const client = new FanoutClient({ url: 'wss://x', token: async () => 't', codec: msgpack, webSocket: type });
    const room = client.room<Chat>('chat');
    const off: () => void = room.subscribe((message: Message<Chat>) => message.payload.text.trim());
    export async function all(): Promise<void> {
      for await (const { payload } of room) payload.text.trim();
      // @ts-expect-error the payload has a type
      await room.publish({ txt: 1 });
      // @ts-expect-error there is no such event
      room.on('mesage', () => {});
      off();
    }`;
  for (const [module, resolution, name] of [['NodeNext', 'NodeNext', 'use.mts'], ['NodeNext', 'NodeNext', 'use.cts'], ['ESNext', 'Bundler', 'use.ts']] as const) {
    it(`has its types: ${resolution}, ${name}`, () => {
      write(name, typed);
      run(process.execPath, `${here}/node_modules/typescript/bin/tsc`, '--noEmit', '--strict', '--target', 'ES2022', '--lib', 'ES2022,DOM', '--types', '', '--module', module, '--moduleResolution', resolution, name);
    });
  }

  it('has the right types for every way to resolve it (arethetypeswrong)', () => {
    // Without node10, which knows no `exports`, and so not the second entry.
    const said = run(process.execPath, `${here}/node_modules/@arethetypeswrong/cli/dist/index.js`, tarball, '--profile', 'node16', '--no-color', '--no-emoji');
    assert.match(said, /"@fanout\/client\/msgpack"/);
  });

  it('is small, and MessagePack is not in it unless it is used', async () => {
    write('page.js', `import { FanoutClient } from '@fanout/client'; new FanoutClient({ url: '/' });`);
    const { outputFiles, metafile } = await build({
      entryPoints: [`${folder}/page.js`], bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, metafile: true, logLevel: 'silent' });
    assert.ok(!Object.keys(metafile.inputs).some(name => name.includes('msgpack')), Object.keys(metafile.inputs).join());
    const size = gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
    console.log(`${size} bytes gzipped`);
    assert.ok(size < SizeBudget, `${size} bytes gzipped; the budget is ${SizeBudget}`);
  });
});
