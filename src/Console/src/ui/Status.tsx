import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { FleetView } from '../fleet/fleet.js';
import { headline, type Headline, type Link } from '../fleet/headline.js';
import { count, duration } from '../format.js';
import { Alert, Check, Dots, Info, Warning } from './icons.js';

const icons: Record<Headline['level'], (props: { size?: number }) => JSX.Element> = { good: Check, info: Info, warn: Warning, bad: Alert, wait: Dots };

export function Status({ view, link, refused }: { view: FleetView; link: Link; refused: string | undefined }): JSX.Element {
  const { level, text, detail } = headline(view, link, duration, refused);
  const Icon = icons[level];
  const alive = view.nodes.filter(node => ['live', 'degraded', 'draining'].includes(node.state)).length;
  return (
    <section class="status" aria-labelledby="status-title">
      <h2 id="status-title" class="visually-hidden">State of the fleet</h2>
      <div class={`headline ${level}`} data-level={level} data-testid="headline">
        <span class="headline-icon"><Icon size={20} /></span>
        <div><p class="headline-text">{text}</p><p class="headline-detail">{detail}</p></div>
      </div>
      <dl class="figures">
        <Figure label="Nodes" value={String(alive)} note={alive < view.nodes.length ? `of ${view.nodes.length}` : undefined} />
        <Figure label="Connections" value={count(view.connections)} exact={view.connections} />
        <Figure label="Rooms" value={count(view.rooms)} exact={view.rooms} hint="A room counts on each node that has members of it" />
      </dl>
      <Announcer text={text} />
    </section>
  );
}

function Figure({ label, value, note, exact, hint }: { label: string; value: string; note?: string | undefined; exact?: number; hint?: string }): JSX.Element {
  return (
    <div class="figure" title={hint ?? (exact !== undefined && exact >= 100_000 ? exact.toLocaleString('en') : undefined)}>
      <dt>{label}</dt>
      <dd data-testid={label.toLowerCase()}>{value}{note && <span class="figure-note"> {note}</span>}</dd>
    </div>
  );
}

/** Says the headline when it changes, and only when it has stayed for a moment. */
function Announcer({ text }: { text: string }): JSX.Element {
  const [said, say] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => say(text), 1_500);
    return () => clearTimeout(timer);
  }, [text]);
  return <p class="visually-hidden" role="status" aria-live="polite">{said}</p>;
}
