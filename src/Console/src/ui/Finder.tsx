import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { TopRoom } from '../fleet/topRooms.js';
import { plural } from '../format.js';
import { search, type Found } from '../search.js';
import { ConnectionDetails } from './ConnectionDetails.js';
import { Back, Cross, Next, PlugIcon, RoomIcon, Search, UserIcon } from './icons.js';
import { Modal } from './Modal.js';
import { RoomDetails } from './RoomDetails.js';
import { setSlash, slashOpens } from './shortcut.js';
import { UserDetails } from './UserDetails.js';

export interface Target {
  readonly kind: 'room' | 'user' | 'connection';
  readonly name: string;
}

interface Props {
  initial: Target | 'search';
  busiest: readonly TopRoom[];
  onClose: () => void;
}

/** Search, and what was found, in one dialog: one goes deeper and back again without leaving it. */
export function Finder({ initial, busiest, onClose }: Props): JSX.Element {
  const [path, setPath] = useState<readonly Target[]>(initial === 'search' ? [] : [initial]);
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<Found>();
  const shown = path.at(-1);
  const open = (target: Target): void => setPath([...path, target]);
  const back = path.length > 1 || initial === 'search' ? () => setPath(path.slice(0, -1)) : undefined;
  return (
    <Modal label={shown ? `${titles[shown.kind]} ${shown.name}` : 'Find a room, user or connection'} class="finder" onClose={onClose}>
      <div class="finder-body">
        <div class="finder-head">
          {shown ? (
            <>
              {back && <button class="icon-button" type="button" onClick={back} aria-label="Back"><Back /></button>}
              <Title target={shown} />
            </>
          ) : <SearchForm query={query} onQuery={setQuery} onFound={setFound} />}
          <button class="icon-button" type="button" onClick={onClose} aria-label="Close"><Cross /></button>
        </div>
        <div class="finder-content">
          <p class="visually-hidden" role="status">{shown || !found ? '' : summary(found)}</p>
          {!shown ? <Results found={found} busiest={busiest} onOpen={open} />
            : shown.kind === 'room' ? <RoomDetails key={shown.name} name={shown.name} onOpen={open} />
            : shown.kind === 'user' ? <UserDetails key={shown.name} name={shown.name} onOpen={open} />
            : <ConnectionDetails key={shown.name} id={shown.name} onOpen={open} />}
        </div>
        {!shown && (
          <label class="finder-foot"><input type="checkbox" checked={slashOpens.value} onChange={event => setSlash(event.currentTarget.checked)} /><span>The key <kbd>/</kbd> opens this search, as <kbd>Ctrl K</kbd> does</span></label>
        )}
      </div>
    </Modal>
  );
}

const titles = { room: 'Room', user: 'User', connection: 'Connection' } as const;
const icons = { room: RoomIcon, user: UserIcon, connection: PlugIcon } as const;

function Title({ target }: { target: Target }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [target.kind, target.name]);
  return (
    <h2 class="finder-title" ref={heading} tabIndex={-1}>
      <span class="finder-kind">{titles[target.kind]}</span>
      <span class="finder-name" data-testid="found-name">{target.name}</span>
    </h2>
  );
}

function SearchForm({ query, onQuery, onFound }: { query: string; onQuery: (query: string) => void; onFound: (found: Found | undefined) => void }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController>();
  useEffect(() => () => running.current?.abort(), []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const wanted = query.trim();
    running.current?.abort();
    if (wanted === '') return onFound(undefined);
    const run = (running.current = new AbortController());
    setBusy(true);
    const found = await search(wanted, run.signal);
    if (run.signal.aborted) return;
    setBusy(false);
    onFound(found);
  };
  return (
    <form class="finder-form" role="search" onSubmit={event => void submit(event)}>
      <Search />
      <input type="search" autofocus value={query} onInput={event => onQuery(event.currentTarget.value)} aria-label="Name of a room, a user or a connection"
        placeholder="Name of a room, a user or a connection" autocomplete="off" autocapitalize="off" spellcheck={false} enterkeyhint="search" maxLength={256} />
      <button class="button" type="submit" disabled={busy}>{busy ? 'Looking…' : 'Find'}</button>
    </form>
  );
}

function Results({ found, busiest, onOpen }: { found: Found | undefined; busiest: readonly TopRoom[]; onOpen: (target: Target) => void }): JSX.Element {
  if (!found) {
    return busiest.length === 0
      ? <p class="empty"><strong>Find anything that is connected</strong>The beginning of a room's name will do; users and connections need their full name.</p>
      : <Group title="Busy at the moment" items={busiest.slice(0, 6).map(room => ({ target: { kind: 'room', name: room.room }, note: plural(room.members, 'member') }))} onOpen={onOpen} />;
  }
  const nothing = found.items.length === 0;
  return (
    <div>
      {found.problems.map(problem => <p key={problem} class="problem" role="alert">{problem}</p>)}
      {nothing && found.problems.length === 0 && <p class="empty"><strong>Nothing found</strong>No room begins with “{found.query}”, and no user or connection has that name.</p>}
      {(['connection', 'user', 'room'] as const).map(kind => {
        const items = found.items.filter(item => item.target.kind === kind);
        return items.length > 0 && <Group key={kind} title={`${titles[kind]}s`} items={items} onOpen={onOpen} />;
      })}
      {found.more && <p class="fine">There are more rooms; type more of the name.</p>}
    </div>
  );
}

function summary({ items, query }: Found): string {
  return items.length === 0 ? `Nothing found for ${query}.` : `${plural(items.length, 'result')} for ${query}.`;
}

function Group({ title, items, onOpen }: { title: string; items: Found['items']; onOpen: (target: Target) => void }): JSX.Element {
  return (
    <section class="group">
      <h3>{title}</h3>
      <ul>
        {items.map(({ target, note }) => {
          const Icon = icons[target.kind];
          return (
            <li key={target.kind + target.name}>
              <button type="button" class="result" data-testid="result" onClick={() => onOpen(target)}>
                <Icon /><span class="result-name">{target.name}</span><span class="result-note">{note}</span><Next />
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
