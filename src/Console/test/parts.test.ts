import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet } from '../src/fleet/fleet.js';
import { headline } from '../src/fleet/headline.js';
import { addUp, percentile } from '../src/fleet/latency.js';
import { Series, describe } from '../src/fleet/series.js';
import { topRooms } from '../src/fleet/topRooms.js';
import { ago, bytes, count, duration, rate, span } from '../src/format.js';
import { hasRounded, numberThatChanges, parseExact } from '../src/exact.js';
import { event, report } from './support.js';

test('top rooms_members add up and rates do not', () => {
  const rooms = topRooms([
    report('a', 0, { top: [{ room: 'chat', members: 3, rate: 20 }, { room: 'news', members: 900, rate: 0 }] }),
    report('b', 0, { top: [{ room: 'chat', members: 4, rate: 21 }, { room: 'feed', members: 1, rate: 50 }] }),
  ], 'rate');

  assert.deepEqual(rooms, [{ room: 'feed', members: 1, rate: 50 }, { room: 'chat', members: 7, rate: 21 }]);
});

test('top rooms_are ten', () => {
  const top = Array.from({ length: 40 }, (_, i) => ({ room: `r${i}`, members: i + 1, rate: 0 }));

  assert.deepEqual(topRooms([report('a', 0, { top })], 'members').map(room => room.room), ['r39', 'r38', 'r37', 'r36', 'r35', 'r34', 'r33', 'r32', 'r31', 'r30']);
});

test('series_a hole_is a hole', () => {
  const series = new Series(1, 10);
  series.push(100, [1]);
  series.push(120, [2]);

  assert.deepEqual([series.times, series.lines[0]], [[100, 101, 120], [1, null, 2]]);
});

test('series_time that stands still_adds nothing, and old values give way', () => {
  const series = new Series(1, 3);
  for (const time of [1, 1, 2, 3, 4]) series.push(time, [time]);

  assert.deepEqual([series.times, series.lines[0]], [[2, 3, 4], [2, 3, 4]]);
});

test('series_in words', () => {
  assert.equal(describe([null, 3, 9, 4], String), 'now 4, lowest 3, highest 9');
  assert.equal(describe([null], String), 'nothing measured yet');
});

test('percentile_of nothing_is nothing', () => assert.equal(percentile(addUp([undefined, {}]), 0.99), null));

test('percentile_what is no step_is left out', () => assert.equal(percentile(addUp([{ x: 5, '-1': 5, '1.5': 5 }]), 0.5), null));

test('headline_says the worst', () => {
  const fleet = new Fleet();
  const said = (now: number, link: 'connected' | 'reconnecting' = 'connected'): string[] => {
    const { level, text } = headline(fleet.view(now), link, duration);
    return [level, text];
  };
  assert.deepEqual(said(0), ['wait', 'Looking for nodes']);
  fleet.report(report('a', 0), 0);
  fleet.report(report('b', 0), 0);
  assert.deepEqual(said(100), ['good', 'Everything is running']);
  fleet.report(report('b', 1, { drain: 'announced' }), 1_000);
  assert.deepEqual(said(1_100), ['info', 'b is draining']);
  fleet.report(report('a', 1, { backplane: { kind: 'redis', state: 'degraded' } }), 1_000);
  assert.deepEqual(said(1_100), ['bad', 'The backplane is degraded']);
  // One that drained would have left, and not died.
  fleet.report(report('b', 2), 1_400);
  fleet.report(report('a', 2), 2_000);
  assert.deepEqual(said(5_500), ['bad', 'b does not answer']);
  assert.deepEqual(said(5_500, 'reconnecting'), ['bad', 'The connection is lost']);
  fleet.event(event('node_reaped', { level: 'bad', subject: 'b-1' }), 5_500);
  fleet.report(report('a', 3), 5_500);
  assert.deepEqual(said(5_600), ['bad', 'b is dead']);
  fleet.list([{ id: 'c-1', name: 'c', version: '1', started: '2026-01-01T00:00:00Z', connections: 0, rooms: 0, backplane: 'healthy', draining: false }, { id: 'a-1', name: 'a', version: '1', started: '2026-01-01T00:00:00Z', connections: 0, rooms: 0, backplane: 'healthy', draining: false }], 5_700);
  for (let second = 6; second < 16; second++) {
    fleet.report(report('a', second), second * 1_000);
    fleet.tick(second * 1_000);
  }
  assert.deepEqual(said(15_100), ['warn', 'c has not reported']);
  assert.deepEqual(headline(fleet.view(15_100), 'connected', duration, 'no room'), { level: 'bad', text: 'This node does not let the page look', detail: 'It says: no room.' });
});

test('percentile_within a step_is not its end', () => {
  assert.equal(percentile(new Map([[0, 10]]), 0.99), 0.5);
  assert.equal(percentile(new Map([[8, 100]]), 1), 4);
  assert.equal(percentile(new Map([[8, 100]]), 0.5), 2 ** (7.5 / 4));
  assert.equal(percentile(new Map([[4, 50], [8, 50]]), 0.5), 2);
});

test('json_with numbers that JavaScript would change_is kept, or said', () => {
  assert.equal(numberThatChanges('{"a": 9007199254740993, "b": "9007199254740993"}', false), '9007199254740993');
  assert.equal(numberThatChanges('{"b": "9007199254740993", "c": [1, -2.5e3, 9007199254740991]}', false), undefined);
  assert.equal(numberThatChanges('9007199254740993', true), undefined);
  assert.ok(hasRounded({ a: [9007199254740993] }));
  assert.ok(!hasRounded({ a: [1, 2.5, '9007199254740993', null] }));
  assert.deepEqual(parseExact('{"a":[1,"x",null]}'), { a: [1, 'x', null] });
});

test('numbers_are short', () => {
  assert.deepEqual([count(0), count(1_204), count(99_999), count(128_300), count(1_500_000)], ['0', '1,204', '99,999', '128.3K', '1.5M']);
  assert.deepEqual([rate(0), rate(0.44), rate(9.96), rate(1_204.4)], ['0', '0.4', '10', '1,204']);
  assert.deepEqual([duration(0.05), duration(2.34), duration(45.6), duration(1_530)], ['<0.1 ms', '2.3 ms', '46 ms', '1.5 s']);
  assert.deepEqual([span(0), span(59_000), span(61_000), span(3_600_000), span(12_000_000), span(90_000_000)], ['0 s', '59 s', '1 min', '1 h', '3 h 20 min', '1 d 1 h']);
  assert.deepEqual([bytes(12), bytes(45_000_000), bytes(1_500_000_000)], ['12 B', '45 MB', '1.5 GB']);
  assert.equal(ago(10, 0), 'just now');
});
