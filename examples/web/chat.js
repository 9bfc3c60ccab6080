import { FanoutClient } from './client/index.js';

const [list, form, state] = ['messages', 'form', 'state'].map(id => document.getElementById(id));
form.name.value = sessionStorage.name ??= `guest${Math.floor(Math.random() * 1000)}`;
form.name.oninput = () => (sessionStorage.name = form.name.value);

const client = new FanoutClient({ url: location.origin });
const room = client.room(new URLSearchParams(location.search).get('room') ?? 'chat', { last: 50 });
document.getElementById('room').textContent = room.name;
/** My messages that have not come back yet, by the id that I gave them. */
const waiting = new Map();

client.on('state', ({ state: now }) => {
  state.textContent = state.dataset.state = now;
});
client.on('closed', error => note(error.message));
room.on('reset', () => note('Some messages may be missing.'));
room.on('error', error => note(error.message));

room.subscribe(({ payload, timestamp }) => {
  const mine = waiting.get(payload.id);
  waiting.delete(payload.id);
  const item = mine ?? bubble(payload);
  item.classList.remove('waiting');
  item.querySelector('time').textContent = new Date(timestamp).toLocaleTimeString([], { timeStyle: 'short' });
  add(item); // To its place in the room's order, also where it was shown before.
});

form.onsubmit = event => {
  event.preventDefault();
  const payload = { id: Math.random().toString(36).slice(2), name: form.name.value, text: form.text.value };
  form.text.value = '';
  const item = add(bubble(payload, 'mine', 'waiting'));
  waiting.set(payload.id, item);
  room.publish(payload).catch(error => {
    waiting.delete(payload.id);
    item.remove();
    form.text.value ||= payload.text;
    note(`Not sent: ${error.message}`);
  });
};

function bubble({ name, text }, ...classes) {
  const [item, who, by, when] = ['li', 'small', 'b', 'time'].map(tag => document.createElement(tag));
  item.classList.add(...classes);
  by.textContent = name;
  when.textContent = 'waiting';
  who.append(by, when);
  item.append(who, text);
  return item;
}

function note(text) {
  const item = document.createElement('li');
  item.className = 'note';
  item.textContent = text;
  add(item);
}

function add(item) {
  list.append(item);
  list.scrollTop = list.scrollHeight;
  return item;
}

client.connect().catch(() => {}); // `closed` has told.
