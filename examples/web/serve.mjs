// Serves the example pages at http://127.0.0.1:5173 and passes /ws and /api on to a node, so that page and node have one origin.
//   node examples/web/serve.mjs [--node http://localhost:8080] [--port 5173]
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { extname, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const node = new URL(option('--node', 'http://localhost:8080'));
const port = Number(option('--port', '5173'));
const here = fileURLToPath(new URL('.', import.meta.url));
const client = fileURLToPath(new URL('../../clients/typescript/', import.meta.url));

if (!existsSync(`${client}dist/esm/index.js`)) {
  const npm = (...args) => execFileSync('npm', args, { cwd: client, stdio: 'inherit', shell: process.platform === 'win32' });
  npm('ci', '--ignore-scripts');
  npm('run', 'build');
}

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };

const server = createServer((incoming, answer) => {
  const { pathname } = new URL(incoming.url, 'http://x');
  if (pathname.startsWith('/api/')) return pass(incoming, answer);
  const [folder, name] = pathname.startsWith('/client/') ? [`${client}dist/esm/`, pathname.slice('/client/'.length)] : [here, pathname.slice(1) || 'index.html'];
  const file = folder + normalize(`/${name}`).slice(1);
  if (!types[extname(file)] || !existsSync(file)) return answer.writeHead(404).end('There is no such page.');
  answer.writeHead(200, { 'content-type': types[extname(file)], 'cache-control': 'no-store' }).end(readFileSync(file));
});

function pass(incoming, answer) {
  const away = request(new URL(incoming.url, node), { method: incoming.method, headers: incoming.headers }, reply => {
    answer.writeHead(reply.statusCode, reply.headers);
    reply.pipe(answer);
  });
  away.on('error', () => answer.writeHead(502).end('The node does not answer.'));
  incoming.pipe(away);
}

server.on('upgrade', (incoming, near, head) => {
  const far = connect(Number(node.port || 80), node.hostname, () => {
    const lines = incoming.rawHeaders.reduce((text, part, index) => text + part + (index % 2 ? '\r\n' : ': '), '');
    far.write(`GET ${incoming.url} HTTP/1.1\r\n${lines}\r\n`);
    far.write(head);
    near.pipe(far).pipe(near);
  });
  for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).on('close', () => other.destroy());
});

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}  (node: ${node.href})`));
