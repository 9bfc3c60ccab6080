import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { dateAndTime, plural, span } from '../format.js';
import { api, remove } from '../session.js';
import { userPath, type UserInfo } from '../search.js';
import { Confirm } from './Confirm.js';
import type { Target } from './Finder.js';
import { useLoad } from './useLoad.js';

// The first says so in so many words: without any the node would take its own setting, `Fanout:Auth:RevokeFor`.
const stays = [['00:00:00', 'Not at all: it may come back at once'], ['00:10:00', '10 minutes'], ['01:00:00', '1 hour'], ['1.00:00:00', '1 day'], ['30.00:00:00', '30 days']] as const;

export function UserDetails({ name, onOpen }: { name: string; onOpen: (target: Target) => void }): JSX.Element {
  const [again, setAgain] = useState(0);
  const [asking, setAsking] = useState(false);
  const info = useLoad(signal => api<UserInfo>(userPath(name), signal), again);
  if (info.step === 'loading') return <p class="empty" role="status">Loading…</p>;
  if (info.step === 'failed') return <p class="problem" role="alert">{info.problem}</p>;
  const user = info.value;
  const connections = user?.connections ?? [];
  return (
    <>
      <dl class="facts">
        <div><dt>State</dt><dd data-testid="user-state">{user === null ? 'unknown' : user.online ? 'online' : 'offline'}</dd></div>
        <div><dt>Connections</dt><dd>{user === null ? '–' : connections.length}</dd></div>
        {user?.lastSeen && !user.online && <div class="wide"><dt>Last seen</dt><dd>{dateAndTime(Date.parse(user.lastSeen))}</dd></div>}
      </dl>
      {connections.length > 0 && (
        <ul class="rows">
          {connections.map(connection => (
            <li key={connection.clientId}>
              <button type="button" class="result" onClick={() => onOpen({ kind: 'connection', name: connection.clientId })}>
                <span class="result-name mono">{connection.clientId}</span>
                <span class="result-note">{connection.node}{connection.since && `, for ${span(Date.now() - Date.parse(connection.since))}`}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="danger-zone"><button class="button danger" type="button" onClick={() => setAsking(true)}>Disconnect this user…</button></div>
      {asking && (
        <Confirm title={`Disconnect ${name}?`} text="All connections of this user are closed, on every node, and told to stay away." action="Disconnect"
          choices={{ label: 'Keep the user out', options: stays }} onClose={done => (setAsking(false), done && setAgain(again + 1))}
          onDo={async stay => {
            const answer = (await remove(`${userPath(name)}/connections?revokeFor=${encodeURIComponent(stay)}`)) as { connections: number; complete: boolean };
            return `${plural(answer.connections, 'connection')} closed.${answer.complete ? '' : ' Not every node has answered yet.'}`;
          }} />
      )}
    </>
  );
}
