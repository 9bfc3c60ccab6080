import { FanoutClient, FanoutError } from '@fanout/client';
import { signal } from '@preact/signals';
import { Fleet, MaxEvents, type FleetView } from './fleet/fleet.js';
import type { Link } from './fleet/headline.js';
import type { ListedNode, OpsEvent, Report } from './fleet/report.js';
import { ApiError, api, base, exchange, leave, type Session } from './session.js';

const TickMs = 1_000;
/** Nodes that do not report, and nodes that fell silent, are looked up this often. */
const ListEveryMs = 5_000;

/** The connection to a node, and the picture of the fleet that comes of it. */
export class Live {
  readonly client: FanoutClient;
  readonly link = signal<Link>('connecting');
  /** The node that we are connected to. */
  readonly node = signal<string>('');
  /** Why the node does not let us hear what nodes report, in its own words. */
  readonly refused = signal<string | undefined>(undefined);
  readonly view;
  readonly #fleet = new Fleet();
  readonly #over = new AbortController();
  #first: string | undefined;
  #redraw = false;

  constructor(session: Session) {
    this.view = signal<FleetView>(this.#fleet.view(Date.now()));
    this.#first = session.token;
    this.client = new FanoutClient({
      url: new URL('console/ws', base),
      token: async ({ signal }) => {
        // The first comes with the session; afterwards the key buys another, before each connect and before the old one ends.
        const first = this.#first;
        this.#first = undefined;
        return first ?? (await this.#renew(signal));
      },
      reconnect: { minDelayMs: 500, maxDelayMs: 5_000 },
    });
    this.client.on('state', ({ state }) => {
      this.link.value = state === 'idle' ? 'connecting' : state;
      this.#hear();
    });
    this.client.on('connected', info => (this.node.value = info.node));
    this.client.on('backplane', () => this.#hear());
    // It does not come back by itself from here: whoever is sent away must know why.
    this.client.on('closed', error => error.code !== 'closed' && leave(error.code === 'unauthorized' ? 'This key is not valid any more.' : error.message));
    // What fails is shown by what it leaves: no connection, or a state that stays.
    this.client.on('error', () => {});
    const reports = this.client.room<Report>('$ops');
    reports.on('joined', () => (this.refused.value = undefined));
    reports.on('error', error => (this.refused.value = error.message));
    reports.on('left', ({ reason }) => (this.refused.value = reason));
    reports.subscribe(({ payload }) => {
      this.#fleet.report(payload, Date.now());
      this.#soon();
    });
    this.client.room<OpsEvent>('$ops.events', { last: MaxEvents }).subscribe(({ payload }) => {
      this.#fleet.event(payload, Date.now());
      this.#soon();
    });
    void this.client.connect({ signal: this.#over.signal }).catch(() => {});

    const { signal: over } = this.#over;
    const ticks = setInterval(() => {
      this.#fleet.tick(Date.now());
      this.#publish();
    }, TickMs);
    const lists = setInterval(() => void this.#list(), ListEveryMs);
    over.addEventListener('abort', () => (clearInterval(ticks), clearInterval(lists)));
    void this.#list();
  }

  close(): void {
    this.#over.abort();
    void this.client.close();
  }

  async #renew(signal: AbortSignal): Promise<string> {
    try {
      return (await exchange(signal)).token;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) throw new FanoutError('unauthorized', error.message);
      throw error;
    }
  }

  async #list(): Promise<void> {
    try {
      const listed = await api<{ items: ListedNode[] }>('nodes', this.#over.signal);
      if (listed) this.#fleet.list(listed.items, Date.now());
      this.#soon();
    } catch {
      // Without Redis, or without the scope, the reports say enough.
    }
  }

  #hear(): void {
    // Both undefined without a connection.
    const { info, backplane } = this.client;
    this.#fleet.degraded(backplane === 'degraded' ? info?.node : undefined, Date.now());
    this.#fleet.hearing(backplane !== undefined && backplane !== 'degraded', Date.now());
    this.#publish();
  }

  // Reports of many nodes come within the same moment: one picture for all of them.
  #soon(): void {
    if (this.#redraw) return;
    this.#redraw = true;
    setTimeout(() => this.#publish(), 100);
  }

  #publish(): void {
    this.#redraw = false;
    if (!this.#over.signal.aborted) this.view.value = this.#fleet.view(Date.now());
  }
}
