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

  assert.equal(events.length, 100);
  assert.equal(events[0]!.at, 999);
});

test('latency_of all nodes_is one distribution', () => {
  const fleet = new Fleet();
  const now = run(fleet, 1, n => [report('a', n, { latency: { 4: 98 } }), report('b', n, { latency: { 40: 2 } })]);

  const { p50, p99 } = fleet.view(now);

  assert.equal(p50, 0.2);
  assert.ok(Math.abs(p99! - 102.4) < 1e-9);
});
