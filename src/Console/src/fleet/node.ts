import { difference, type Counts } from './latency.js';
import type { ListedNode, OpsEvent, Report } from './report.js';

/**
 * `live`: reports, and all is well. `degraded`: reports that its backplane is. `draining`: takes no new connections. `silent`: does not
 * report any more. `gone`: left, or was found dead; shown for a moment. `unheard`: we cannot tell, because we are cut off ourselves, or
 * because it is only known to be there and has never reported.
 */
export type NodeState = 'live' | 'degraded' | 'draining' | 'silent' | 'gone' | 'unheard';

export interface Rates {
  readonly published: number;
  readonly delivered: number;
  readonly opened: number;
}

const NoRates: Rates = { published: 0, delivered: 0, opened: 0 };
const SparkLength = 60;
const SparkMs = 900;
/** A rate is over a second or so, whatever the pace of the reports: a shorter time shows chance. */
const RateMs = 900;
/** After a longer hole, such as a laptop's sleep, the difference of two reports says nothing of now. */
const HoleMs = 30_000;
/** Of one whose clock was set back, too. */
const MostKept = 8;

/** Reports come twice a second; so many in a row missed means that something is wrong. */
export const SilentAfterMs = 4_000;
/** A node whose end nobody told, such as the last one of its fleet. */
const ForgottenAfterMs = 120_000;
/** How long one that is gone is still shown, so that it is seen to go. */
const FarewellMs = 6_000;

/** One node as the page knows it. */
export class FleetNode {
  readonly id: string;
  /** The last report. */
  last: Report | undefined;
  rates: Rates = NoRates;
  /** Deliveries a second, of the last minute. */
  readonly spark: number[] = [];
  /** Told on our own connection to it, and not in a report. */
  saysDegraded = false;
  #knownSince: number;
  /** What the API listed. */
  #listed: ListedNode | undefined;
  #heardAt: number;
  #sparkAt = -Infinity;
  /** The last second's reports, oldest first. */
  #recent: Report[] = [];
  #isLeaving = false;
  #goneAt: number | undefined;
  #goneDead = false;
  /** Latency counts that came since they were last taken. */
  #latency: Counts[] = [];

  constructor(id: string, now: number) {
    this.id = id;
    this.#knownSince = this.#heardAt = now;
  }

  get name(): string {
    return this.last?.name ?? this.#listed?.name ?? this.id;
  }

  get version(): string {
    return this.last?.version ?? this.#listed?.version ?? '?';
  }

  get started(): number {
    return this.last?.started ?? (this.#listed ? Date.parse(this.#listed.started) : 0);
  }

  /** Whether it has reported or was listed. */
  get isKnown(): boolean {
    return this.last !== undefined || this.#listed !== undefined;
  }

  get connections(): number {
    return this.last?.connections ?? this.#listed?.connections ?? 0;
  }

  get rooms(): number {
    return this.last?.rooms ?? this.#listed?.rooms ?? 0;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  /** Whether it was found dead, and did not leave by itself. */
  get died(): boolean {
    return this.#goneDead;
  }

  get isDraining(): boolean {
    return this.#isLeaving || (this.last ? this.last.drain !== 'not draining' : (this.#listed?.draining ?? false));
  }

  get isDegraded(): boolean {
    return (this.last?.backplane.state ?? this.#listed?.backplane) === 'degraded';
  }

  /** Takes a report; one that came already, by another way, is none. */
  report(report: Report, now: number): boolean {
    const { last } = this;
    if (last && report.started === last.started && report.seq <= last.seq) return false;
    const before = last && report.started === last.started ? last : undefined;
    if (!before) this.#recent = [];
    this.#recent.push(report);
    while (this.#recent.length > 2 && (report.at - this.#recent[1]!.at >= RateMs || this.#recent.length > MostKept)) this.#recent.shift();
    this.last = report;
    this.#heardAt = now;
    this.#goneAt = undefined;
    this.rates = rates(this.#recent[0]!, report);
    if (before && report.at - before.at <= HoleMs) this.#latency.push(difference(before.latency, report.latency));
    if (now - this.#sparkAt >= SparkMs) {
      this.#sparkAt = now;
      this.spark.push(this.rates.delivered);
      if (this.spark.length > SparkLength) this.spark.shift();
    }
    return true;
  }

  /** The API says that it is there. */
  list(listed: ListedNode, now: number): void {
    this.#listed = listed;
    if (!this.last) this.#heardAt = now;
  }

  get latency(): readonly Counts[] {
    return this.#latency;
  }

  takeLatency(): readonly Counts[] {
    const taken = this.#latency;
    this.#latency = [];
    return taken;
  }

  /** What was told of it. An id is never used again, so that an old event can do no harm. */
  hear(event: OpsEvent, now: number): void {
    if (event.kind === 'node_draining') this.#isLeaving = true;
    if (event.kind === 'node_reaped') this.gone(now, true);
    if (event.kind === 'node_left') this.gone(now, false);
  }

  /** It is gone: left, or dead. */
  gone(now: number, dead: boolean): void {
    if (this.#goneAt !== undefined) return;
    this.#goneAt = now;
    this.#goneDead = dead;
    this.rates = NoRates;
  }

  state(now: number, canHear: boolean): NodeState {
    if (this.#goneAt !== undefined) return 'gone';
    if (this.saysDegraded) return 'degraded';
    if (!this.last && now - this.#knownSince >= SilentAfterMs) return 'unheard';
    if (now - this.#heardAt >= SilentAfterMs) {
      if (!canHear) return 'unheard';
      // One that drained and fell silent has left, whether or not its last word was heard.
      return this.isDraining ? 'gone' : 'silent';
    }
    if (this.isDegraded) return 'degraded';
    return this.isDraining ? 'draining' : 'live';
  }

  /** Whether it need not be shown any more. */
  isOver(now: number, canHear: boolean): boolean {
    if (this.#goneAt !== undefined) return now - this.#goneAt >= FarewellMs;
    const patience = this.isDraining ? SilentAfterMs + FarewellMs : ForgottenAfterMs;
    return canHear && now - this.#heardAt >= patience;
  }

  /** Nothing could be heard for a while: silence until now says nothing. */
  excuse(now: number): void {
    if (this.#goneAt !== undefined) return;
    this.#heardAt = Math.max(this.#heardAt, now);
    this.#knownSince = Math.max(this.#knownSince, now);
  }
}

function rates(before: Report, report: Report): Rates {
  const ms = report.at - before.at;
  // Without a report before, after a long hole, or with a clock that was set back there is no rate to tell.
  if (ms <= 0 || ms > HoleMs) return NoRates;
  const rate = (key: 'published' | 'delivered' | 'opened'): number => (Math.max(0, report[key] - before[key]) * 1_000) / ms;
  return { published: rate('published'), delivered: rate('delivered'), opened: rate('opened') };
}
