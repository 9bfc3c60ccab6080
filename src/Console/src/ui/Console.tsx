import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Live } from '../live.js';
import { leave, type Session } from '../session.js';
import { Charts } from './Charts.js';
import { Events } from './Events.js';
import { Finder, type Target } from './Finder.js';
import { Exit, Logo, Search } from './icons.js';
import { Nodes } from './Nodes.js';
import { slashOpens } from './shortcut.js';
import { Status } from './Status.js';
import { ThemeSwitch } from './ThemeSwitch.js';
import { TopRooms } from './TopRooms.js';
import { TryIt } from './TryIt.js';

export function Console({ live, session }: { live: Live; session: Session }): JSX.Element {
  const [finding, setFinding] = useState<Target | 'search' | undefined>();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if ((event.key === '/' && slashOpens.value && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) || (event.key === 'k' && (event.ctrlKey || event.metaKey))) {
        event.preventDefault();
        setFinding(current => current ?? 'search');
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  const view = live.view.value;
  return (
    <>
      <a class="skip" href="#main">Skip to the content</a>
      <header class="bar">
        <div class="bar-inner">
          <h1 class="brand"><Logo /><span>Fanout</span><span class="visually-hidden"> console</span></h1>
          <button class="find" type="button" onClick={() => setFinding('search')} aria-keyshortcuts={slashOpens.value ? '/ Control+K' : 'Control+K'}>
            <Search /><span class="find-text">Find a room, user or connection</span><kbd aria-hidden="true">{slashOpens.value ? '/' : 'Ctrl K'}</kbd>
          </button>
          <div class="bar-end">
            <LinkState live={live} />
            <ThemeSwitch />
            {!session.open && (
              <button class="button quiet" type="button" onClick={() => leave()} title={`Signed in with the key '${session.name}'`}>
                <Exit /><span class="wide-only">Sign out</span><span class="visually-hidden narrow-only"> Sign out</span>
              </button>
            )}
          </div>
        </div>
      </header>
      <main id="main" class="page" tabIndex={-1}>
        {session.open && <p class="notice">This node runs in Development without API keys: everybody who reaches it can open this console.</p>}
        <Status view={view} link={live.link.value} refused={live.refused.value} />
        <Charts view={view} />
        <Nodes view={view} connectedTo={live.node.value} />
        <div class="pair">
          <TopRooms view={view} onOpen={room => setFinding({ kind: 'room', name: room })} />
          <Events view={view} />
        </div>
        <TryIt client={live.client} scopes={session.scopes} />
      </main>
      {finding && <Finder initial={finding} busiest={view.busiest} onClose={() => setFinding(undefined)} />}
    </>
  );
}

function LinkState({ live }: { live: Live }): JSX.Element {
  const link = live.link.value;
  const text = link === 'connected' ? 'Live' : link === 'connecting' ? 'Connecting' : link === 'reconnecting' ? 'Reconnecting' : 'Closed';
  return (
    <span class={`link ${link}`} data-testid="link" title={link === 'connected' ? `Connected to ${live.node.value}` : undefined}>
      <span class="dot" aria-hidden="true" />{text}
    </span>
  );
}
