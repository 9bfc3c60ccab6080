import { useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { FleetView } from '../fleet/fleet.js';
import type { Level, OpsEvent } from '../fleet/report.js';
import { ago, dateAndTime } from '../format.js';
import { Alert, Check, Info, Warning } from './icons.js';

const Few = 10;
const MostSaid = 5;
const icons: Record<Level, (props: object) => JSX.Element> = { good: Check, info: Info, warn: Warning, bad: Alert };
const words: Record<Level, string> = { good: 'Good: ', info: '', warn: 'Warning: ', bad: 'Trouble: ' };

export function Events({ view }: { view: FleetView }): JSX.Element {
  const [all, setAll] = useState(false);
  const events = all ? view.events : view.events.slice(0, Few);
  return (
    <section class="card" aria-labelledby="events-title">
      <div class="card-head">
        <h2 id="events-title">Recent events</h2>
        {view.events.length > Few && <button class="button link-like" type="button" aria-expanded={all} onClick={() => setAll(!all)}>{all ? 'Show fewer' : `Show all ${view.events.length}`}</button>}
      </div>
      {events.length === 0
        ? <p class="empty"><strong>Nothing to tell</strong>Nodes that come and go, slow clients and limits that are hit appear here.</p>
        : (
          <ul class="events">
            {events.map(event => {
              const Icon = icons[event.level] ?? Info;
              return (
                <li key={event.node + event.id} class={`event ${event.level}`} data-testid="event" data-kind={event.kind}>
                  <span class="event-icon"><Icon /></span>
                  <div class="event-body">
                    <p><span class="visually-hidden">{words[event.level] ?? ''}</span>{event.text}</p>
                    <p class="event-meta"><span>{event.name}</span><span aria-hidden="true"> · </span><time dateTime={new Date(event.at).toISOString()} title={dateAndTime(event.at)}>{ago(event.at, view.now)}</time></p>
                  </div>
                </li>
              );
            })}
          </ul>
        )}
      <Announcer notable={view.events.filter(event => event.level !== 'info')} />
    </section>
  );
}

/** Says what happens while somebody listens; what had happened before stands in the list. Some come together: none takes another's place. */
function Announcer({ notable }: { notable: OpsEvent[] }): JSX.Element {
  const since = useRef(Date.now());
  const said = notable.filter(event => event.at > since.current).slice(0, MostSaid).reverse();
  return (
    <div class="visually-hidden" role="log" aria-label="Events as they happen" data-testid="event-said">
      {said.map(event => <p key={event.node + event.id}>{`${words[event.level] ?? ''}${event.text}`}</p>)}
    </div>
  );
}
