import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { FleetView } from '../fleet/fleet.js';
import { clock, latency, rate } from '../format.js';
import { Chart } from './Chart.js';

/** Three charts over the same five minutes; pointing at one points at all. */
export function Charts({ view }: { view: FleetView }): JSX.Element {
  const [at, setAt] = useState<number | null>(null);
  const index = at === null ? -1 : view.deliveries.times.indexOf(at);
  // Where nothing is pointed at: what the last reports say, and not what the charts, which move once a second, have got to.
  const shown = (line: readonly (number | null)[], now: number | null): number | null => (index >= 0 ? (line[index] ?? null) : now);
  const when = index >= 0 && at !== null ? clock(at * 1_000) : undefined;
  const measured = view.latency.lines[1]!.some(value => value !== null);
  // A room in which somebody speaks now and then: what was is better than a number that comes and goes.
  const last = (line: readonly (number | null)[]): number | null => line.slice(-10).filter(value => value !== null).at(-1) ?? null;
  const p99 = shown(view.latency.lines[1]!, view.p99 ?? last(view.latency.lines[1]!));
  const p50 = shown(view.latency.lines[0]!, view.p50 ?? last(view.latency.lines[0]!));
  return (
    <section class="charts" aria-label="Traffic">
      <Chart title="Deliveries" id="deliveries" value={rate(shown(view.deliveries.lines[0]!, view.delivered) ?? 0)} unit="/s" when={when} onPoint={setAt}
        series={view.deliveries} colors={['--chart-1']} fill format={rate} now={view.now} names={['deliveries a second']} />
      <Chart title="Publishes" id="publishes" value={rate(shown(view.publishes.lines[0]!, view.published) ?? 0)} unit="/s" when={when} onPoint={setAt}
        series={view.publishes} colors={['--chart-2']} fill format={rate} now={view.now} names={['publishes a second']} />
      <Chart title="Delivery latency" id="latency" value={p99 === null ? '–' : latency(p99).replace(/ .*/, '')} unit={p99 === null ? '' : `${latency(p99).replace(/.* /, '')} p99`}
        note={p50 === null ? undefined : `${latency(p50)} p50`} hint="From the publish until a node has handed the message to the member's socket, or to its backlog where the member reads too slowly. What a member catches up on is left out."
        when={when} onPoint={setAt} empty={measured ? undefined : 'Shown as soon as messages are delivered'}
        series={view.latency} colors={['--chart-3-soft', '--chart-3']} format={latency} now={view.now} names={['median', '99th percentile']} />
    </section>
  );
}
