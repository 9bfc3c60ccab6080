import { FanoutClient } from './client/index.js';

// With tokens this would be client.userRoom(), which a back end reaches as $user.<user>; anonymous visitors get a room by their name.
const visitor = (localStorage.visitor ??= Math.random().toString(36).slice(2));
const name = `notifications.${visitor}`;
const Most = 50;

const [list, form, state, bell, badge] = ['items', 'form', 'state', 'bell', 'unread'].map(id => document.getElementById(id));
// What is shown, which of it is unread, and where to go on: kept together, so that a reload misses nothing and counts nothing twice.
let stored = JSON.parse(localStorage.notifications ?? '{"items":[]}');
const client = new FanoutClient({ url: location.origin });
const room = client.room(name, stored.position ? { since: stored.position } : {});
let replaying = false;

client.on('state', ({ state: now }) => {
  state.textContent = state.dataset.state = now;
});
room.subscribe(message => {
  take(message);
  keep();
});
room.on('joined', ({ recovered }) => {
  if (!recovered && stored.position !== undefined) replaying = true; // A reset follows, and messages may come before it.
  keep();
});
room.on('reset', async ({ position }) => {
  // Too much was missed to be told again: take what the room still has. Until that is through, the old position stays, so that a reload
  // in between begins again.
  replaying = true;
  try {
    for await (const message of room.replay({ upTo: position })) take(message);
  } finally {
    replaying = false;
  }
  keep();
});

bell.onclick = () => {
  for (const item of stored.items) item.unread = false;
  keep();
};
form.onsubmit = event => {
  event.preventDefault();
  // As a back end does; it would send an X-Api-Key.
  fetch(`/api/v1/rooms/${name}/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(form.text.value) })
    .then(async answer => answer.ok || alert(await answer.text()), error => alert(error.message));
};
// Another tab has read them.
addEventListener('storage', ({ key, newValue }) => {
  if (key !== 'notifications' || !newValue) return;
  stored = JSON.parse(newValue);
  show();
});

/** Newest first. What came before, in this tab or another one, is known by its id. */
function take({ id, payload, timestamp: at, offset = 0 }) {
  if (stored.items.some(item => item.id === id)) return;
  stored.items.push({ id, at, offset, text: String(payload), unread: true });
  stored.items.sort((one, other) => other.at - one.at || other.offset - one.offset);
  stored.items.length = Math.min(stored.items.length, Most);
}

function keep() {
  if (!replaying) stored.position = room.position;
  localStorage.notifications = JSON.stringify(stored);
  show();
}

function show() {
  const unread = stored.items.filter(item => item.unread).length;
  badge.textContent = unread || '';
  document.title = unread ? `(${unread}) Notifications` : 'Notifications';
  list.replaceChildren(...stored.items.map(({ text, at, unread: isNew }) => {
    const [entry, when] = ['li', 'small'].map(tag => document.createElement(tag));
    entry.className = isNew ? 'unread' : '';
    when.textContent = new Date(at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
    entry.append(when, text);
    return entry;
  }));
}

show();
client.connect().catch(error => (state.textContent = error.message));
