import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { FleetView } from '../fleet/fleet.js';
import { clock, duration, rate } from '../format.js';
import { Chart } from './Chart.js';

/** Three charts over the same five minutes; pointing at one points at all. */
export function Charts({ view }: { view: FleetView }): JSX.Element {
  const [at, setAt] = useState<number | null>(null);
  const index = at === null ? -1 : view.deliveries.times.indexOf(at);
  const shown = (line: readonly (number | null)[]): number | null => (index >= 0 ? (line[index] ?? null) : (line.at(-1) ?? null));
  const when = index >= 0 && at !== null ? clock(at * 1_000) : undefined;
  const measured = view.latency.lines[1]!.some(value => value !== null);
  const delivers = view.deliveries.lines[0]!.slice(-10).every(value => (value ?? 0) > 0);
  const last = (line: readonly (number | null)[]): number | null => line.filter(value => value !== null).at(-1) ?? null;
  const p99 = index >= 0 ? shown(view.latency.lines[1]!) : last(view.latency.lines[1]!);
  const p50 = index >= 0 ? shown(view.latency.lines[0]!) : last(view.latency.lines[0]!);
  return (
    <section class="charts" aria-label="Traffic">
      <Chart title="Deliveries" id="deliveries" value={rate(shown(view.deliveries.lines[0]!) ?? 0)} unit="/s" when={when} onPoint={setAt}
        series={view.deliveries} colors={['--chart-1']} fill format={rate} now={view.now} names={['deliveries a second']} />
      <Chart title="Publishes" id="publishes" value={rate(shown(view.publishes.lines[0]!) ?? 0)} unit="/s" when={when} onPoint={setAt}
        series={view.publishes} colors={['--chart-2']} fill format={rate} now={view.now} names={['publishes a second']} />
      <Chart title="Delivery latency" id="latency" value={p99 === null ? '–' : duration(p99).replace(/ .*/, '')} unit={p99 === null ? '' : `${duration(p99).replace(/.* /, '')} p99`}
        note={p50 === null ? undefined : `${duration(p50)} p50`} when={when} onPoint={setAt} empty={measured ? undefined : delivers ? 'These nodes do not measure it' : 'Shown as soon as messages are delivered'}
        series={view.latency} colors={['--chart-3-soft', '--chart-3']} format={duration} now={view.now} names={['median', '99th percentile']} />
    </section>
  );
}
