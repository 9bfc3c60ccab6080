import type { FleetView, NodeView } from './fleet.js';
import type { Level } from './report.js';

export type Link = 'connecting' | 'connected' | 'reconnecting' | 'closed';

export interface Headline {
  readonly level: Level | 'wait';
  readonly text: string;
  readonly detail: string;
}

const names = (nodes: readonly NodeView[]): string => {
  const all = nodes.map(node => node.name);
  return all.length <= 2 ? all.join(' and ') : `${all[0]} and ${all.length - 1} others`;
};
const isOrAre = (nodes: readonly unknown[]): string => (nodes.length === 1 ? 'is' : 'are');

/** The one sentence that an operator should read first: the worst that is the case. */
export function headline(view: FleetView, link: Link, probe: (ms: number) => string, refused?: string): Headline {
  if (!view.known && link !== 'closed') return { level: 'wait', text: 'Looking for nodes', detail: 'Waiting for the first reports.' };
  if (link === 'closed') return { level: 'bad', text: 'Signed off by the node', detail: 'Reload the page to connect again.' };
  if (link !== 'connected') {
    return { level: 'bad', text: 'The connection is lost', detail: 'Trying again by itself. What you see is from before.' };
  }

  // Not the nodes' fault: they may all be well.
  if (refused !== undefined) return { level: 'bad', text: 'This node does not let the page look', detail: `It says: ${refused}.` };

  const by = (state: string): NodeView[] => view.nodes.filter(node => node.state === state);
  const dead = [...by('silent'), ...by('gone').filter(node => node.died)];
  const degraded = by('degraded');
  const draining = by('draining');
  if (degraded.length > 0) {
    const rest = by('unheard').length > 0 ? ' Other nodes cannot be heard meanwhile.' : '';
    return {
      level: 'bad', text: 'The backplane is degraded',
      detail: `${names(degraded)} ${degraded.length === 1 ? 'does' : 'do'} not reach ${kind(view) === 'redis' ? 'Redis' : 'it'}: messages may be late and publishes refused.${rest}`,
    };
  }
  if (dead.length > 0) {
    if (by('silent').length === 0) return { level: 'bad', text: `${names(dead)} ${isOrAre(dead)} dead`, detail: 'Another node has removed what it left behind; its clients are on the others.' };
    return {
      level: 'bad', text: `${names(dead)} ${dead.length === 1 ? 'does' : 'do'} not answer`,
      detail: dead.length === 1 ? 'If it is dead, its members are removed when its lease ends.' : 'If they are dead, their members are removed when their leases end.',
    };
  }
  if (draining.length > 0) {
    return { level: 'info', text: `${names(draining)} ${isOrAre(draining)} draining`, detail: 'Clients move to the other nodes.' };
  }

  const mute = by('unheard');
  if (mute.length > 0) {
    return { level: 'warn', text: `${names(mute)} ${mute.length === 1 ? 'has' : 'have'} not reported`, detail: 'In the list of nodes, but not heard by this page yet.' };
  }

  const live = by('live');
  const versions = new Set(live.map(node => node.version));
  const probes = live.flatMap(node => node.report?.backplane.probeMs ?? []);
  const parts = [
    `${live.length} ${live.length === 1 ? 'node' : 'nodes'}`,
    versions.size === 1 ? `version ${[...versions][0]}` : `versions ${[...versions].sort().join(' and ')}`,
    kind(view) === 'memory' ? 'in memory, without Redis' : probes.length > 0 ? `Redis answers in ${probe(Math.max(...probes))}` : 'Redis is healthy',
  ];
  return { level: 'good', text: 'Everything is running', detail: parts.join(' · ') };
}

const kind = (view: FleetView): string => view.nodes.find(node => node.report)?.report?.backplane.kind ?? 'redis';
