import type { JSX } from 'preact';
import type { FleetView, NodeView } from '../fleet/fleet.js';
import { SilentAfterMs } from '../fleet/node.js';
import { bytes, count, dateAndTime, duration, rate, span } from '../format.js';

export function Nodes({ view, connectedTo }: { view: FleetView; connectedTo: string }): JSX.Element {
  return (
    <section class="card nodes" aria-labelledby="nodes-title">
      <div class="card-head"><h2 id="nodes-title">Nodes</h2></div>
      {view.nodes.length === 0
        ? <p class="empty">{view.known ? 'No node is alive.' : 'Waiting for the first report…'}</p>
        : (
          <table>
            <caption class="visually-hidden">Each node with its state, load and version</caption>
            <thead>
              <tr>
                <th scope="col">Node</th>
                <th scope="col">State</th>
                <th scope="col" class="number">Connections</th>
                <th scope="col" class="number">Rooms</th>
                <th scope="col" class="number">Publishes</th>
                <th scope="col" class="number">Deliveries</th>
                <th scope="col" class="number">CPU</th>
                <th scope="col" class="number">Memory</th>
                <th scope="col" class="number">Uptime</th>
                <th scope="col" class="number">Version</th>
              </tr>
            </thead>
            <tbody>{view.nodes.map(node => <Row key={node.id} node={node} now={view.now} ours={node.name === connectedTo} />)}</tbody>
          </table>
        )}
    </section>
  );
}

function Row({ node, now, ours }: { node: NodeView; now: number; ours: boolean }): JSX.Element {
  const { report } = node;
  // One that says on our connection that it is degraded need not report.
  const quiet = node.state === 'silent' || node.state === 'gone' || node.state === 'unheard' || now - node.heardAt >= SilentAfterMs;
  const value = (text: string): string => (quiet ? '–' : text);
  return (
    <tr class={`node ${node.state}`} data-testid="node" data-node={node.name} data-state={node.state}>
      <th scope="row">
        <span class="node-name">{node.name}{ours && <span class="tag" title="This page is connected to it">this page</span>}</span>
        <span class="node-id">{node.id}</span>
      </th>
      <td data-label="State"><State node={node} now={now} /></td>
      <td class="number" data-label="Connections">{count(node.connections)}</td>
      <td class="number" data-label="Rooms">{count(node.rooms)}</td>
      <td class="number" data-label="Publishes">{value(`${rate(node.rates.published)}/s`)}</td>
      <td class="number" data-label="Deliveries"><span class="with-spark"><Spark values={quiet ? [] : node.spark} />{value(`${rate(node.rates.delivered)}/s`)}</span></td>
      <td class="number" data-label="CPU" title={report ? `of ${report.cores} cores` : undefined}>{report ? value(`${Math.round((report.cpu / Math.max(1, report.cores)) * 100)} %`) : '–'}</td>
      <td class="number" data-label="Memory">{report ? value(bytes(report.memory)) : '–'}</td>
      <td class="number" data-label="Uptime" title={node.started === 0 ? undefined : `Since ${dateAndTime(node.started)}`}>{node.started === 0 ? '–' : value(span(now - node.started))}</td>
      <td class="number" data-label="Version">{node.version}</td>
    </tr>
  );
}

function State({ node, now }: { node: NodeView; now: number }): JSX.Element {
  const probe = node.report?.backplane.probeMs;
  const [text, note] = ((): [string, string | undefined] => {
    switch (node.state) {
      case 'live': return ['Live', probe === undefined ? undefined : `Redis ${duration(probe)}`];
      case 'degraded': return ['Degraded', 'no backplane'];
      case 'draining': return ['Draining', node.report?.drain === 'not draining' ? undefined : node.report?.drain];
      case 'silent': return ['No answer', `for ${span(now - node.heardAt)}`];
      case 'gone': return node.died ? ['Dead', 'removed'] : ['Left', undefined];
      case 'unheard': return ['Unknown', node.report ? 'cannot be heard' : 'has not reported'];
    }
  })();
  return <span class={`state ${node.state}${node.died ? ' died' : ''}`}><span class="dot" aria-hidden="true" /><span>{text}{note && <span class="state-note"> {note}</span>}</span></span>;
}

const SparkWidth = 64;
const SparkHeight = 18;

function Spark({ values }: { values: readonly number[] }): JSX.Element {
  const max = Math.max(...values, 1);
  const points = values.map((value, index) => `${((SparkWidth * (60 - values.length + index)) / 59).toFixed(1)},${(SparkHeight - 1 - (value / max) * (SparkHeight - 2)).toFixed(1)}`);
  return (
    <svg class="spark" width={SparkWidth} height={SparkHeight} viewBox={`0 0 ${SparkWidth} ${SparkHeight}`} aria-hidden="true" focusable="false">
      {points.length > 1 && values.some(value => value > 0) && <polyline points={points.join(' ')} fill="none" stroke="currentColor" stroke-width="1.25" stroke-linejoin="round" />}
    </svg>
  );
}
