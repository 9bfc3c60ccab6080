import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { count } from '../format.js';
import { api } from '../session.js';
import { roomPath, type MemberItem, type Page, type RoomInfo } from '../search.js';
import type { Target } from './Finder.js';
import { History } from './History.js';
import { useLoad } from './useLoad.js';

const PageSize = 50;

export function RoomDetails({ name, onOpen }: { name: string; onOpen: (target: Target) => void }): JSX.Element {
  const [tab, setTab] = useState<'members' | 'history'>('members');
  const [again, setAgain] = useState(0);
  const info = useLoad(signal => api<RoomInfo>(roomPath(name), signal), again);
  if (info.step === 'loading') return <p class="empty" role="status">Loading…</p>;
  if (info.step === 'failed') return <p class="problem" role="alert">{info.problem}</p>;
  const room = info.value;
  if (!room) return <p class="empty">There is no such room.</p>;
  return (
    <>
      <dl class="facts">
        <div><dt>Members</dt><dd data-testid="room-members">{count(room.members)}</dd></div>
        <div><dt>Users</dt><dd>{count(room.users)}</dd></div>
        <div><dt>Offset</dt><dd data-testid="room-offset">{room.offset === undefined ? 'no history' : count(room.offset)}</dd></div>
        {room.epoch && <div class="wide"><dt>Epoch</dt><dd class="mono">{room.epoch}</dd></div>}
      </dl>
      <div class="tabs">
        <div class="segments" role="group" aria-label="What to show">
          <button type="button" aria-pressed={tab === 'members'} onClick={() => setTab('members')}>Members</button>
          <button type="button" aria-pressed={tab === 'history'} onClick={() => setTab('history')}>History</button>
        </div>
        <button class="button link-like" type="button" onClick={() => setAgain(again + 1)}>Refresh</button>
      </div>
      {tab === 'members' ? <Members key={again} room={name} onOpen={onOpen} /> : <History key={again} room={name} info={room} />}
    </>
  );
}

function Members({ room, onOpen }: { room: string; onOpen: (target: Target) => void }): JSX.Element {
  const [items, setItems] = useState<readonly MemberItem[]>([]);
  const [next, setNext] = useState<string>();
  const [after, setAfter] = useState<string>();
  const page = useLoad(async signal => {
    const query = `${roomPath(room)}/members?limit=${PageSize}${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`;
    const loaded = (await api<Page<MemberItem>>(query, signal)) ?? { items: [] };
    setItems(had => [...had, ...loaded.items]);
    setNext(loaded.next);
    return loaded;
  }, after);
  if (page.step === 'failed') return <p class="problem" role="alert">{page.problem}</p>;
  if (page.step === 'loading' && items.length === 0) return <p class="empty" role="status">Loading…</p>;
  if (items.length === 0) return <p class="empty"><strong>Nobody is here</strong>The room has no members at the moment.</p>;
  return (
    <>
      <ul class="rows" data-testid="members">
        {items.map(member => (
          <li key={member.clientId}>
            <button type="button" class="result" onClick={() => onOpen({ kind: 'connection', name: member.clientId })}>
              <span class="result-name">{member.userId ?? <span class="muted">anonymous</span>}</span><span class="result-note mono">{member.clientId}</span>
            </button>
          </li>
        ))}
      </ul>
      {next !== undefined && <button class="button more" type="button" onClick={() => setAfter(next)}>More members</button>}
    </>
  );
}
