import type { OpsEvent, Report } from '../src/fleet/report.js';

const healthy = { kind: 'redis', state: 'healthy', probeMs: 0.5 };

/** A report of a node that has been up for a while; `n` seconds in. */
export function report(name: string, n: number, more: Partial<Report> = {}): Report {
  return {
    node: `${name}-1`, name, seq: n + 1, at: 1_000_000 + n * 1_000, version: '1.0.0', started: 500_000, connections: 10, rooms: 5,
    opened: 0, closed: 0, published: 0, delivered: 0, dropped: 0, limited: 0, backplane: healthy, drain: 'not draining', cpu: 0.1, cores: 2,
    memory: 100_000_000, top: [], ...more,
  };
}

let events = 0;

export function event(kind: string, more: Partial<OpsEvent> = {}): OpsEvent {
  return { id: `e${++events}`, at: 1_000_000 + events, node: 'b-1', name: 'b', kind, level: 'info', text: kind, ...more };
}
