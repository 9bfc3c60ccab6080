import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet } from '../src/fleet/fleet.js';
import { event, report } from './support.js';

const state = (fleet: Fleet, now: number): Record<string, string> => Object.fromEntries(fleet.view(now).nodes.map(node => [node.id, node.state]));

/** Feeds a report of each node for each second, and moves the charts on. */
function run(fleet: Fleet, seconds: number, make: (second: number) => Parameters<Fleet['report']>[0][], from = 0): number {
  let now = 0;
  for (let second = from; second < from + seconds; second++) {
    now = 10_000_000 + second * 1_000;
    for (const one of make(second)) fleet.report(one, now);
    fleet.tick(now);
  }
  return now;
}

test('rates_of all nodes_add up', () => {
  const fleet = new Fleet();
  const now = run(fleet, 5, n => [report('a', n, { delivered: n * 100, published: n * 10 }), report('b', n, { delivered: n * 50, published: n * 5 })]);

  const view = fleet.view(now);

  assert.equal(view.delivered, 150);
  assert.equal(view.published, 15);
  assert.equal(view.connections, 20);
  assert.equal(view.rooms, 10);
  assert.deepEqual(view.deliveries.lines[0], [0, 150, 150, 150, 150]);
});

test('a report_that was missed_does not bend the rate', () => {
  const fleet = new Fleet();
  fleet.report(report('a', 0, { delivered: 0 }), 0);
  fleet.report(report('a', 3, { delivered: 300 }), 3_000);

  assert.equal(fleet.view(3_000).nodes[0]!.rates.delivered, 100);
});

test('a report_that came twice_counts once', () => {
  const fleet = new Fleet();
  fleet.report(report('a', 0, { delivered: 0 }), 0);
  fleet.report(report('a', 1, { delivered: 70 }), 1_000);
  fleet.report(report('a', 1, { delivered: 70 }), 1_100);

  const [node] = fleet.view(1_100).nodes;

  assert.equal(node!.rates.delivered, 70);
  assert.equal(node!.spark.length, 2);
});

test('a node_that started anew_has no negative rate', () => {
  const fleet = new Fleet();
  fleet.report(report('a', 50, { delivered: 5_000 }), 0);
  fleet.report(report('a', 0, { delivered: 10, started: 900_000, at: 2_000_000 }), 1_000);

  assert.equal(fleet.view(1_000).nodes[0]!.rates.delivered, 0);
  fleet.report(report('a', 1, { delivered: 30, started: 900_000, at: 2_001_000 }), 2_000);
  assert.equal(fleet.view(2_000).nodes[0]!.rates.delivered, 20);
});

test('a node_that is killed_turns silent, then dead, then goes', () => {
  const fleet = new Fleet();
  const killed = run(fleet, 3, n => [report('a', n), report('b', n)]);
  const now = run(fleet, 5, n => [report('a', n)], 3);
  assert.deepEqual(state(fleet, now), { 'a-1': 'live', 'b-1': 'silent' });
  assert.equal(fleet.view(now).connections, 10);
  assert.ok(now - killed >= 4_000);

  fleet.event(event('node_reaped', { level: 'bad', subject: 'b-1' }), now);
  assert.deepEqual(state(fleet, now), { 'a-1': 'live', 'b-1': 'gone' });
  assert.equal(fleet.view(now).nodes[1]!.died, true);

  const later = run(fleet, 7, n => [report('a', n)], 8);
  assert.deepEqual(state(fleet, later), { 'a-1': 'live' });
});

test('a node_that left_is not brought back by a list that still has it', () => {
  const fleet = new Fleet();
  run(fleet, 2, n => [report('a', n), report('b', n)]);
  fleet.event(event('node_left', { subject: 'b-1' }), 10_002_000);
  const now = run(fleet, 8, n => [report('a', n)], 2);

  fleet.list([{ id: 'b-1', name: 'b', version: '1.0.0', started: '2026-01-01T00:00:00Z', connections: 3, rooms: 1, backplane: 'healthy', draining: false }], now);

  assert.deepEqual(state(fleet, now), { 'a-1': 'live' });
});

test('a node_that a list does not have any more_is gone, where nobody told', () => {
  const fleet = new Fleet();
  run(fleet, 2, n => [report('a', n), report('b', n)]);
  const now = run(fleet, 6, n => [report('a', n)], 2);

  fleet.list([{ id: 'a-1', name: 'a', version: '1.0.0', started: '2026-01-01T00:00:00Z', connections: 3, rooms: 1, backplane: 'healthy', draining: false }], now);

  assert.deepEqual(state(fleet, now), { 'a-1': 'live', 'b-1': 'gone' });
});

test('a node_that drains_is gone without a last word', () => {
  const fleet = new Fleet();
  run(fleet, 3, n => [report('a', n), report('b', n, { drain: n === 2 ? 'closing' : 'not draining' })]);
  assert.equal(state(fleet, 10_002_000)['b-1'], 'draining');

  const now = run(fleet, 11, n => [report('a', n)], 3);

  assert.deepEqual(state(fleet, now), { 'a-1': 'live' });
});

test('a new incarnation_takes the place of the old one', () => {
  const fleet = new Fleet();
  fleet.report(report('a', 0), 0);
  fleet.report(report('a', 1, { node: 'a-2' }), 1_000);

  assert.deepEqual(state(fleet, 1_000), { 'a-2': 'live' });
});

test('silence_while nothing can be heard_is no death', () => {
  const fleet = new Fleet();
  run(fleet, 2, n => [report('a', n), report('b', n)]);
  fleet.hearing(false, 10_001_000);

  const now = run(fleet, 20, n => [report('a', n, { backplane: { kind: 'redis', state: 'degraded' } })], 2);
  assert.deepEqual(state(fleet, now), { 'a-1': 'degraded', 'b-1': 'unheard' });

  fleet.hearing(true, now);
  assert.equal(state(fleet, now + 1_000)['b-1'], 'live');
  assert.equal(state(fleet, now + 5_000)['b-1'], 'silent');
});

test('events_come newest first and once, those in reports too', () => {
  const fleet = new Fleet();
  const one = event('limit', { at: 5 });
  const two = event('limit', { at: 9 });
  fleet.report(report('a', 0, { pending: [one] }), 0);
  fleet.event(two, 0);
  fleet.event(one, 0);

  assert.deepEqual(fleet.view(0).events.map(({ id }) => id), [two.id, one.id]);
});

test('events_are bounded', () => {
  const fleet = new Fleet();
  for (let i = 0; i < 1_000; i++) fleet.event(event('limit', { at: i }), 0);

  const { events } = fleet.view(0);

  assert.equal(events.length, 256);
  assert.equal(events[0]!.at, 999);
});

test('latency_of all nodes_is one distribution', () => {
  const fleet = new Fleet();
  const now = run(fleet, 2, n => [report('a', n, { latency: { 0: n * 98 } }), report('b', n, { latency: { 40: n * 2 } })]);

  const { p50, p99, latency } = fleet.view(now);

  assert.equal(p50, 0.5);
  assert.ok(p99! > 2 ** (39 / 4) && p99! <= 2 ** 10, `${p99}`);
  assert.deepEqual(latency.lines[1], [null, p99]);
});

test('latency_is what was counted since the report before_lost and doubled ones do no harm', () => {
  const fleet = new Fleet();
  fleet.report(report('a', 0, { latency: { 40: 1_000 } }), 0);
  fleet.tick(1_000);
  assert.equal(fleet.view(1_000).p99, null);

  fleet.report(report('a', 3, { latency: { 20: 5, 40: 1_000 } }), 3_000);
  fleet.report(report('a', 3, { latency: { 20: 5, 40: 1_000 } }), 3_100);
  const { p99 } = fleet.view(3_100);
  assert.ok(p99! > 2 ** (19 / 4) && p99! <= 2 ** 5, `${p99}`);

  // A node that began anew counts from nothing.
  fleet.tick(4_000);
  fleet.tick(5_000);
  fleet.report(report('a', 0, { latency: { 30: 7 }, started: 900_000, at: 2_000_000 }), 5_100);
  assert.equal(fleet.view(5_100).p99, null);
  fleet.report(report('a', 1, { latency: { 10: 2, 30: 7 }, started: 900_000, at: 2_000_500 }), 5_600);
  assert.ok(fleet.view(5_600).p99! <= 2 ** 2.5);
});

test('numbers_are as new as the reports_and do not wait for the charts', () => {
  const fleet = new Fleet();
  for (let half = 0; half <= 4; half++) fleet.report(report('a', 0, { seq: half + 1, at: 1_000_000 + half * 500, delivered: half * 50 }), half * 500);

  const { delivered, nodes } = fleet.view(2_010);

  assert.equal(delivered, 100);
  assert.equal(nodes[0]!.spark.length, 3);
});

test('a rate_is over a second, though reports come twice as often', () => {
  const fleet = new Fleet();
  [0, 10, 10, 20, 20].forEach((delivered, half) => fleet.report(report('a', 0, { seq: half + 1, at: 1_000_000 + half * 500, delivered }), half * 500));

  assert.equal(fleet.view(2_000).delivered, 10);
});

const listed = (name: string, more: object = {}): Parameters<Fleet['list']>[0][number] =>
  ({ id: `${name}-1`, name, version: '1.0.0', started: '2026-01-01T00:00:00Z', connections: 3, rooms: 1, backplane: 'healthy', draining: false, ...more });

test('a node_that is in the list and never reported_is unknown and not dead', () => {
  const fleet = new Fleet();
  let now = 0;
  for (; now <= 20_000; now += 1_000) {
    if (now % 5_000 === 0) fleet.list([listed('a'), listed('b')], now);
    fleet.report(report('a', now / 1_000), now);
    fleet.tick(now);
  }

  assert.deepEqual(state(fleet, now), { 'a-1': 'live', 'b-1': 'unheard' });
  fleet.list([listed('a')], now);
  assert.deepEqual(state(fleet, now), { 'a-1': 'live', 'b-1': 'gone' });
});

test('a page that comes in an outage_is told by its own node', () => {
  const fleet = new Fleet();
  fleet.degraded('a', 0);
  fleet.hearing(false, 0);
  fleet.tick(60_000);

  assert.deepEqual(state(fleet, 60_000), { a: 'degraded' });
  assert.equal(fleet.view(60_000).known, true);

  // Redis answers again, and lists it with its next beat.
  fleet.list([], 60_000);
  assert.deepEqual(state(fleet, 60_000), { a: 'degraded' });

  // It is over.
  fleet.degraded(undefined, 60_000);
  fleet.hearing(true, 60_000);
  assert.deepEqual(state(fleet, 60_000), {});
  assert.equal(fleet.view(60_000).known, false);
  fleet.report(report('a', 1), 60_500);
  assert.deepEqual(state(fleet, 61_000), { 'a-1': 'live' });
});

test('a node_that says on our connection that its backplane is degraded_is what it reports afterwards', () => {
  const fleet = new Fleet();
  fleet.report(report('a', 1, { delivered: 0 }), 0);
  fleet.report(report('a', 2, { delivered: 500 }), 1_000);
  fleet.degraded('a', 1_100);
  assert.deepEqual(state(fleet, 1_100), { 'a-1': 'degraded' });
  // As long as it does not report, what it did before is not what it does.
  assert.equal(fleet.view(1_100).delivered, 500);
  assert.equal(fleet.view(60_000).delivered, 0);

  fleet.report(report('a', 60), 60_000);
  fleet.degraded(undefined, 60_100);
  assert.deepEqual(state(fleet, 60_100), { 'a-1': 'live' });
});

test('a node_that was known by its name alone_is one with the one that reports or is listed', () => {
  const fleet = new Fleet();
  fleet.degraded('a', 0);
  fleet.report(report('a', 1), 100);

  assert.deepEqual(state(fleet, 200), { 'a-1': 'degraded' });
  fleet.degraded(undefined, 300);
  assert.deepEqual(state(fleet, 300), { 'a-1': 'live' });
});

test('a node_that is draining_has left when it falls silent, and is not dead', () => {
  const fleet = new Fleet();
  run(fleet, 2, n => [report('a', n), report('b', n)]);
  fleet.event(event('node_draining', { subject: 'b-1' }), 10_001_500);
  assert.equal(state(fleet, 10_001_600)['b-1'], 'draining');

  const now = run(fleet, 5, n => [report('a', n)], 2);

  assert.deepEqual(state(fleet, now), { 'a-1': 'live', 'b-1': 'gone' });
  assert.equal(fleet.view(now).nodes[1]!.died, false);
});

test('a node_whose members could not be removed_is not buried', () => {
  const fleet = new Fleet();
  run(fleet, 2, n => [report('a', n), report('b', n)]);
  fleet.event(event('reap_failed', { level: 'bad', subject: 'b-1' }), 10_001_500);

  assert.equal(state(fleet, 10_001_600)['b-1'], 'live');
});
