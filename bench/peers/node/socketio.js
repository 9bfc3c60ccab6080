// Socket.IO with @socket.io/redis-adapter, as its documentation sets it up.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';

const [port, redisPort] = process.argv.slice(2).map(Number);
const publisher = new Redis(redisPort);
const server = createServer((request, response) => {
  if (request.method !== 'POST') return;
  const chunks = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', () => {
    io.to(decodeURIComponent(request.url.split('/')[2])).emit('message', JSON.parse(Buffer.concat(chunks)));
    response.writeHead(202, { 'Content-Length': 0 }).end();
  });
});
const io = new Server(server, { adapter: createAdapter(publisher, publisher.duplicate()), transports: ['websocket'] });

io.on('connection', socket => {
  socket.on('join', async (room, joined) => {
    await socket.join(room);
    joined();
  });
  socket.on('publish', (room, payload) => io.to(room).emit('message', payload));
});

server.listen(port, '127.0.0.1', 1024);
