import { FanoutClient } from './client/index.js';

// With tokens this would be client.userRoom(), which a back end reaches as $user.<user>; anonymous visitors get a room by their name.
const visitor = (localStorage.visitor ??= Math.random().toString(36).slice(2));
const name = `notifications.${visitor}`;
// What is shown, how much of it is unread, and where to go on: kept together, so that a reload misses nothing and counts nothing twice.
const stored = JSON.parse(localStorage.notifications ?? '{"items":[],"unread":0}');

const [list, form, state, bell, unread] = ['items', 'form', 'state', 'bell', 'unread'].map(id => document.getElementById(id));
const client = new FanoutClient({ url: location.origin });
const room = client.room(name, stored.position ? { since: stored.position } : {});

client.on('state', ({ state: now }) => {
  state.textContent = state.dataset.state = now;
});
room.on('joined', keep);
room.on('reset', async ({ position }) => {
  // Too much was missed to be told again: take what the room still has.
  stored.items = [];
  for await (const message of room.replay({ upTo: position })) stored.items.unshift(item(message));
  keep();
});
room.subscribe(message => {
  stored.items.unshift(item(message));
  stored.items.length = Math.min(stored.items.length, 50);
  stored.unread++;
  keep();
});

bell.onclick = () => {
  stored.unread = 0;
  keep();
};
form.onsubmit = event => {
  event.preventDefault();
  // As a back end does; it would send an X-Api-Key.
  fetch(`/api/v1/rooms/${name}/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(form.text.value) })
    .then(async answer => answer.ok || alert(await answer.text()), error => alert(error.message));
};

function item({ payload, timestamp }) {
  return { text: String(payload), at: timestamp };
}

function keep() {
  stored.position = room.position;
  localStorage.notifications = JSON.stringify(stored);
  unread.textContent = stored.unread || '';
  document.title = stored.unread ? `(${stored.unread}) Notifications` : 'Notifications';
  list.replaceChildren(...stored.items.map(({ text, at }) => {
    const entry = document.createElement('li');
    const when = document.createElement('small');
    when.textContent = new Date(at).toLocaleTimeString();
    entry.append(when, text);
    return entry;
  }));
}

keep();
client.connect().catch(error => (state.textContent = error.message));
