// node `ws` with ioredis: the shape of the seed (maps of clients and rooms, one stringify a broadcast), with a Redis channel a room.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { WebSocketServer, WebSocket } from 'ws';
import Redis from 'ioredis';

const [port, redisPort] = process.argv.slice(2).map(Number);
const publisher = new Redis(redisPort);
const subscriber = new Redis(redisPort);

class RoomManager {
  rooms = new Map();

  async join(client, room) {
    let members = this.rooms.get(room);
    if (!members) {
      this.rooms.set(room, (members = new Set()));
      members.subscribed = subscriber.subscribe(room);
    }
    members.add(client);
    await members.subscribed;
  }

  leave(client, room) {
    const members = this.rooms.get(room);
    members?.delete(client);
    if (members?.size === 0) {
      this.rooms.delete(room);
      subscriber.unsubscribe(room);
    }
  }

  broadcast(room, payload) {
    for (const client of this.rooms.get(room) ?? []) {
      if (client.readyState === WebSocket.OPEN) client.send(payload);
    }
  }
}

const rooms = new RoomManager();
subscriber.on('message', (room, payload) => rooms.broadcast(room, payload));

const publish = (room, payload) =>
  publisher.publish(room, JSON.stringify({ type: 'message', room, id: randomUUID(), timestamp: Date.now(), payload }));

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', async () => {
    await publish(decodeURIComponent(request.url.split('/')[2]), JSON.parse(Buffer.concat(chunks)));
    response.writeHead(202, { 'Content-Length': 0 }).end();
  });
});

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', async (client, request) => {
  const room = new URL(request.url, 'http://localhost').searchParams.get('room');
  client.on('error', () => client.terminate());
  client.on('message', data => {
    const message = JSON.parse(data);
    if (message.type === 'publish') publish(message.room, message.payload);
  });
  if (room) {
    client.on('close', () => rooms.leave(client, room));
    await rooms.join(client, room);
  }
  client.send('{"type":"joined"}');
});

server.listen(port, '127.0.0.1', 1024);
