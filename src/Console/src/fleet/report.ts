import type { Counts } from './latency.js';

/** What a node says of itself in `$ops`, twice a second (src/FanoutNode/Console/NodeReport.cs). */
export interface Report {
  readonly node: string;
  readonly name: string;
  readonly seq: number;
  /** Unix milliseconds, in the node's clock. */
  readonly at: number;
  readonly version: string;
  readonly started: number;
  readonly connections: number;
  readonly rooms: number;
  // Counters: they only grow, and a rate is the difference of two reports.
  readonly opened: number;
  readonly closed: number;
  readonly published: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly limited: number;
  readonly backplane: { readonly kind: string; readonly state: string; readonly probeMs?: number };
  readonly drain: string;
  /** Deliveries by step of how long they took, from the publish to the socket or its backlog; counters, too. See latency.ts. */
  readonly latency?: Counts;
  readonly cpu: number;
  readonly cores: number;
  readonly memory: number;
  readonly top: readonly { readonly room: string; readonly members: number; readonly rate: number }[];
  /** Events that could not be told in their room yet. */
  readonly pending?: readonly OpsEvent[];
}

export type Level = 'good' | 'info' | 'warn' | 'bad';

/** What happened, in `$ops.events` (src/FanoutNode/Console/OpsEvent.cs). */
export interface OpsEvent {
  readonly id: string;
  readonly at: number;
  readonly node: string;
  readonly name: string;
  readonly kind: string;
  readonly level: Level;
  readonly text: string;
  readonly subject?: string;
}

/** What `GET /api/v1/nodes` says of a node, for those that do not report. */
export interface ListedNode {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly started: string;
  readonly connections: number;
  readonly rooms: number;
  readonly backplane: string;
  readonly draining: boolean;
}
