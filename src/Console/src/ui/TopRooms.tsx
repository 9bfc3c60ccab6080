import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { FleetView } from '../fleet/fleet.js';
import { count, plural, rate } from '../format.js';

export function TopRooms({ view, onOpen }: { view: FleetView; onOpen: (room: string) => void }): JSX.Element {
  const [by, setBy] = useState<'rate' | 'members'>('rate');
  const rooms = by === 'rate' ? view.busiest : view.largest;
  const most = Math.max(...rooms.map(room => room[by]), 1e-9);
  return (
    <section class="card" aria-labelledby="rooms-title">
      <div class="card-head">
        <h2 id="rooms-title">Top rooms</h2>
        <div class="segments" role="group" aria-label="Order">
          <button type="button" aria-pressed={by === 'rate'} onClick={() => setBy('rate')}>Busiest</button>
          <button type="button" aria-pressed={by === 'members'} onClick={() => setBy('members')}>Largest</button>
        </div>
      </div>
      {rooms.length === 0
        ? <Empty view={view} by={by} />
        : (
          <ol class="rooms">
            {rooms.map(room => (
              <li key={room.room}>
                <button type="button" onClick={() => onOpen(room.room)} data-testid="top-room">
                  <span class="room-share" style={{ width: `${Math.max(1, (room[by] / most) * 100)}%` }} aria-hidden="true" />
                  <span class="room-name">{room.room}</span>
                  <span class="room-members">{plural(room.members, 'member')}</span>
                  <span class="room-rate">{rate(room.rate)}/s</span>
                </button>
              </li>
            ))}
          </ol>
        )}
    </section>
  );
}

function Empty({ view, by }: { view: FleetView; by: 'rate' | 'members' }): JSX.Element {
  if (view.rooms > 0 && by === 'rate') return <p class="empty"><strong>All is quiet</strong>No message in the last second, in {count(view.rooms)} {view.rooms === 1 ? 'room' : 'rooms'}.</p>;
  return <p class="empty"><strong>No rooms yet</strong>A room appears with its first member. Try one at the end of this page.</p>;
}
