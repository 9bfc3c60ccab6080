import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { dateAndTime, plural, span } from '../format.js';
import { api, remove } from '../session.js';
import { connectionPath, type ConnectionInfo } from '../search.js';
import { Confirm } from './Confirm.js';
import type { Target } from './Finder.js';
import { Next, RoomIcon } from './icons.js';
import { useLoad } from './useLoad.js';

export function ConnectionDetails({ id, onOpen }: { id: string; onOpen: (target: Target) => void }): JSX.Element {
  const [again, setAgain] = useState(0);
  const [asking, setAsking] = useState(false);
  const info = useLoad(signal => api<ConnectionInfo>(connectionPath(id), signal), again);
  if (info.step === 'loading') return <p class="empty" role="status">Loading…</p>;
  if (info.step === 'failed') return <p class="problem" role="alert">{info.problem}</p>;
  const connection = info.value;
  if (!connection) return <p class="empty" data-testid="not-connected"><strong>Not connected</strong>No node has this connection any more.</p>;
  const { userId } = connection;
  return (
    <>
      <dl class="facts">
        <div><dt>User</dt><dd>{userId === undefined ? 'anonymous' : <button class="button link-like" type="button" onClick={() => onOpen({ kind: 'user', name: userId })}>{userId}</button>}</dd></div>
        <div><dt>Node</dt><dd>{connection.node}</dd></div>
        {connection.since && <div><dt>Connected</dt><dd title={dateAndTime(Date.parse(connection.since))}>for {span(Date.now() - Date.parse(connection.since))}</dd></div>}
      </dl>
      {connection.rooms && (
        <section class="group">
          <h3>{plural(connection.roomCount ?? connection.rooms.length, 'room')}</h3>
          {connection.rooms.length === 0
            ? <p class="muted">It is in no room.</p>
            : (
              <ul data-testid="connection-rooms">
                {connection.rooms.map(room => (
                  <li key={room}><button type="button" class="result" onClick={() => onOpen({ kind: 'room', name: room })}><RoomIcon /><span class="result-name">{room}</span><Next /></button></li>
                ))}
              </ul>
            )}
          {(connection.roomCount ?? 0) > connection.rooms.length && <p class="fine">The first {connection.rooms.length}, by name.</p>}
        </section>
      )}
      <div class="danger-zone"><button class="button danger" type="button" onClick={() => setAsking(true)}>Disconnect…</button></div>
      {asking && (
        <Confirm title="Disconnect this connection?" text={`${id} is closed and told to stay away.`} action="Disconnect"
          onClose={done => (setAsking(false), done && setAgain(again + 1))}
          onDo={async () => {
            await remove(connectionPath(id));
            return 'The connection was closed.';
          }} />
      )}
    </>
  );
}
