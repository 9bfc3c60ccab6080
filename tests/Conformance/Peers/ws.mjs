// Plays the package ws, as an independent peer, against a node's /echo: every option of its permessage-deflate, every size and fragmentation, and
// the close handshake.
//
//   node ws.mjs ws://127.0.0.1:8080/echo
//
// One line a case that fails; the last line is "N passed, N failed".
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';

const url = process.argv[2];
const patience = 60_000;

const windows = [8, 9, 10, 11, 12, 13, 14, 15];
const offers = { 'no compression': false, 'as it comes': true };
for (const serverMaxWindowBits of windows) offers[`server window ${serverMaxWindowBits}`] = { serverMaxWindowBits };
// zlib cannot make 8 bits, and ws offers no less than it can.
for (const clientMaxWindowBits of windows) offers[`client window ${clientMaxWindowBits}`] = { clientMaxWindowBits };
offers['client window as the server likes'] = { clientMaxWindowBits: true };
offers['no takeover by the server'] = { serverNoContextTakeover: true };
offers['no takeover by the client'] = { clientNoContextTakeover: true };
offers['no takeover at all'] = { serverNoContextTakeover: true, clientNoContextTakeover: true };
offers['everything at once'] = { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 9, clientMaxWindowBits: 9 };
for (const level of [0, 1, 9]) offers[`level ${level}`] = { zlibDeflateOptions: { level } };
for (const memLevel of [1, 9]) offers[`memory level ${memLevel}`] = { zlibDeflateOptions: { memLevel } };

const words = (length) => {
  let text = '';
  for (let i = 0; text.length < length; i++) text += `word ${(i * 7919) % 1000} für alle ${i % 13}, `;
  return text.slice(0, length);
};
const noise = randomBytes(1 << 20);
const messages = [];
for (const length of [0, 1, 125, 126, 127, 255, 256, 257, 511, 512, 513, 1023, 1024, 4096, 32_767, 32_768, 32_769, 65_535, 65_536, 131_072, 1 << 20]) {
  messages.push(words(length), noise.subarray(0, length));
}

let passed = 0;
let failed = 0;
const check = (name, good, detail = '') => {
  if (good) passed++;
  else {
    failed++;
    console.log(`FAILED ${name} ${detail}`);
  }
};

const open = async (perMessageDeflate) => {
  const options = typeof perMessageDeflate === 'object' ? { threshold: 0, ...perMessageDeflate } : perMessageDeflate && { threshold: 0 };
  const socket = new WebSocket(url, { perMessageDeflate: options });
  await once(socket, 'open', { signal: AbortSignal.timeout(patience) });
  return socket;
};

const echo = async (socket, send) => {
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(patience) });
  send();
  const [data, isBinary] = await answer;
  return isBinary ? data : data.toString('utf8');
};

const same = (a, b) => (typeof a === 'string' ? a === b : Buffer.isBuffer(b) && Buffer.compare(a, b) === 0);

// The node ends TCP behind the close frames, before this side does.
const close = async (name, socket, code, reason) => {
  const tcp = socket._socket;
  const order = [];
  // ws ends its side as soon as it has the close frame; a peer that waits for the server, as RFC 6455 asks in 7.1.1, must not wait in vain.
  const end = tcp.end;
  tcp.end = () => order.push('peer');
  tcp.on('end', () => {
    order.push('node');
    tcp.end = end;
    tcp.end();
  });
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(patience) });
  socket.close(code, reason);
  const [seen, why] = await closed;
  check(`${name}: close ${code ?? 'without a code'}`, seen === (code ?? 1005) && order.includes('node'), `${seen} ${why} ${order}`);
};

for (const [name, offer] of Object.entries(offers)) {
  try {
    const socket = await open(offer);
    const expected = offer === false ? '' : 'permessage-deflate';
    check(`${name}: agreed`, socket.extensions === expected, socket.extensions);
    for (const message of messages) {
      check(`${name}: ${typeof message} of ${message.length}`, same(message, await echo(socket, () => socket.send(message))));
      // The same once more: nothing of the first may be needed to read it.
      check(`${name}: ${typeof message} of ${message.length} again, uncompressed`, same(message, await echo(socket, () => socket.send(message, { compress: false }))));
    }

    for (const size of [1, 7, 1000]) {
      const message = words(5_000);
      const answer = await echo(socket, () => {
        for (let at = 0; at < message.length; at += size) socket.send(message.slice(at, at + size), { fin: at + size >= message.length, compress: true });
      });
      check(`${name}: fragments of ${size}`, same(message, answer));
    }

    const pong = once(socket, 'pong', { signal: AbortSignal.timeout(patience) });
    socket.ping('are you there?');
    check(`${name}: ping`, (await pong)[0].toString() === 'are you there?');
    await close(name, socket, 1000, 'bye');
  } catch (e) {
    check(name, false, e);
  }
}

// 16 MiB in fragments: of 64 bytes; and of 4 KiB compressed, since ws takes a minute to compress a quarter of a million of them.
for (const [name, offer, size] of [['plain', false, 64], ['compressed', true, 4096]]) {
  const socket = await open(offer);
  const message = Buffer.from(words(16 * 1024 * 1024 - 1000)).subarray(0, 16 * 1024 * 1024);
  const began = performance.now();
  const answer = await echo(socket, () => {
    socket._socket.cork();
    for (let at = 0; at < message.length; at += size) socket.send(message.subarray(at, at + size), { binary: true, fin: at + size >= message.length, compress: offer });
    socket._socket.uncork();
  });
  check(`16 MiB in fragments of ${size}, ${name}`, same(message, answer));
  console.log(`16 MiB in fragments of ${size}, ${name}: ${Math.round(performance.now() - began)} ms`);
  await close(`16 MiB, ${name}`, socket);
}

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 4999]) await close('codes', await open(true), code, 'why');
await close('codes', await open(true));

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
