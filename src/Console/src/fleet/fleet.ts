import { addUp, percentile, type Counts } from './latency.js';
import { FleetNode, SilentAfterMs, type NodeState, type Rates } from './node.js';
import type { ListedNode, OpsEvent, Report } from './report.js';
import { Series } from './series.js';
import { topRooms, type TopRoom } from './topRooms.js';

export interface NodeView {
  readonly id: string;
  readonly name: string;
  readonly state: NodeState;
  readonly died: boolean;
  readonly version: string;
  readonly started: number;
  readonly connections: number;
  readonly rooms: number;
  readonly rates: Rates;
  readonly spark: readonly number[];
  readonly report: Report | undefined;
  readonly heardAt: number;
}

export interface FleetView {
  readonly now: number;
  readonly nodes: readonly NodeView[];
  readonly connections: number;
  readonly rooms: number;
  readonly published: number;
  readonly delivered: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly publishes: Series;
  readonly deliveries: Series;
  readonly latency: Series;
  readonly busiest: readonly TopRoom[];
  readonly largest: readonly TopRoom[];
  readonly events: readonly OpsEvent[];
  /** Whether anything was heard of any node yet. */
  readonly known: boolean;
}

/** Seconds that the charts reach back. */
export const ChartSeconds = 300;
/** As many as the room keeps. */
export const MaxEvents = 256;

/**
 * What the page makes of all that nodes tell: one picture of the fleet. Knows no clock and no socket, so that it can be tested: whoever feeds it
 * says what time it is.
 */
export class Fleet {
  readonly #nodes = new Map<string, FleetNode>();
  readonly #events = new Map<string, OpsEvent>();
  /** Nodes that are over: a list that still has them does not bring them back. */
  readonly #over = new Set<string>();
  readonly #publishes = new Series(1, ChartSeconds);
  readonly #deliveries = new Series(1, ChartSeconds);
  readonly #latency = new Series(2, ChartSeconds);
  #lastSecond: readonly Counts[] = [];
  #canHear = true;
  #known = false;

  report(report: Report, now: number): void {
    this.#known = true;
    let node = this.#nodes.get(report.node);
    if (!node) {
      // One that was given up for silence speaks again.
      this.#over.delete(report.node);
      node = this.#add(report.node, now);
      // The same process under a new id: it had been taken for dead, and has come back.
      for (const other of this.#nodes.values()) {
        if (other !== node && other.name === report.name && other.started === report.started) this.#bury(other.id);
      }
    }
    node.report(report, now);
    this.#met(node);
    for (const event of report.pending ?? []) this.event(event, now);
  }

  /** What the API listed; for nodes that have not reported (yet), and for what became of those that fell silent. */
  list(nodes: readonly ListedNode[], now: number): void {
    this.#known = true;
    const alive = new Set(nodes.map(node => node.id));
    for (const listed of nodes) {
      if (this.#over.has(listed.id)) continue;
      const node = this.#nodes.get(listed.id) ?? this.#add(listed.id, now);
      node.list(listed, now);
      this.#met(node);
    }
    for (const node of this.#nodes.values()) {
      // Nor is one dead that talks to us: after an outage it is listed with its next beat.
      if (!alive.has(node.id) && !node.saysDegraded && (!node.last || node.state(now, true) === 'silent')) node.gone(now, !node.isDraining);
    }
  }

  event(event: OpsEvent, now: number): void {
    if (this.#events.has(event.id + event.node)) return;
    this.#events.set(event.id + event.node, event);
    if (this.#events.size > MaxEvents * 2) {
      for (const old of [...this.#events].sort(([, a], [, b]) => a.at - b.at).slice(0, MaxEvents)) this.#events.delete(old[0]);
    }
    if (event.subject !== undefined) this.#nodes.get(event.subject)?.hear(event, now);
  }

  /**
   * Our own node says on our connection that its backplane is degraded: a page that comes during an outage gets into no room and hears no report.
   * @param name The node's; undefined where it does not say so, or we are connected to none.
   */
  degraded(name: string | undefined, now: number): void {
    for (const node of this.#nodes.values()) {
      node.saysDegraded = node.name === name;
      if (node.id !== name && !node.isKnown) this.#nodes.delete(node.id);
    }
    // Until more is known than its name, that stands for its id.
    if (name !== undefined && ![...this.#nodes.values()].some(node => node.saysDegraded)) this.#add(name, now).saysDegraded = true;
    this.#known = this.#nodes.size > 0;
  }

  /** Whether nodes can be heard at all: we are connected, and our own node reaches the others. */
  hearing(canHear: boolean, now: number): void {
    if (canHear && !this.#canHear) for (const node of this.#nodes.values()) node.excuse(now);
    this.#canHear = canHear;
  }

  /** A second has passed: the charts move on. */
  tick(now: number): void {
    for (const node of this.#nodes.values()) {
      if (node.isOver(now, this.#canHear)) this.#bury(node.id);
    }
    const second = Math.floor(now / 1_000);
    if (!this.#known) return;
    const heard = this.#heard(now);
    this.#lastSecond = [...this.#nodes.values()].flatMap(node => node.takeLatency());
    const counts = addUp(this.#lastSecond);
    const any = heard.some(node => node.last !== undefined);
    this.#publishes.push(second, [any ? sum(heard, node => node.rates.published) : null]);
    this.#deliveries.push(second, [any ? sum(heard, node => node.rates.delivered) : null]);
    this.#latency.push(second, [percentile(counts, 0.5), percentile(counts, 0.99)]);
  }

  view(now: number): FleetView {
    const nodes = [...this.#nodes.values()]
      .map(node => ({
        id: node.id, name: node.name, state: node.state(now, this.#canHear), died: node.died, version: node.version, started: node.started,
        connections: node.connections, rooms: node.rooms, rates: node.rates, spark: [...node.spark], report: node.last, heardAt: node.heardAt,
      }))
      .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }) || a.started - b.started);
    const counted = nodes.filter(node => node.state !== 'silent' && node.state !== 'gone');
    const reports = counted.flatMap(node => (node.report ? [node.report] : []));
    const heard = this.#heard(now);
    // What came since the charts last moved, too: numbers are as new as the reports.
    const latency = addUp([...this.#lastSecond, ...[...this.#nodes.values()].flatMap(node => node.latency)]);
    return {
      now, nodes, known: this.#known,
      connections: sum(counted, node => node.connections),
      rooms: sum(counted, node => node.rooms),
      published: sum(heard, node => node.rates.published),
      delivered: sum(heard, node => node.rates.delivered),
      p50: percentile(latency, 0.5), p99: percentile(latency, 0.99),
      publishes: this.#publishes, deliveries: this.#deliveries, latency: this.#latency,
      busiest: topRooms(reports, 'rate'),
      largest: topRooms(reports, 'members'),
      events: [...this.#events.values()].sort((a, b) => b.at - a.at).slice(0, MaxEvents),
    };
  }

  #heard(now: number): FleetNode[] {
    return [...this.#nodes.values()].filter(node => ['live', 'degraded', 'draining'].includes(node.state(now, this.#canHear)) && now - node.heardAt < SilentAfterMs);
  }

  /** More is known of it than its name now. */
  #met(node: FleetNode): void {
    const standIn = this.#nodes.get(node.name);
    if (!standIn || standIn.isKnown) return;
    node.saysDegraded = standIn.saysDegraded;
    this.#nodes.delete(standIn.id);
  }

  #bury(id: string): void {
    this.#nodes.delete(id);
    this.#over.add(id);
  }

  #add(id: string, now: number): FleetNode {
    const node = new FleetNode(id, now);
    this.#nodes.set(id, node);
    return node;
  }
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
