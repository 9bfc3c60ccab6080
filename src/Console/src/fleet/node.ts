import type { ListedNode, Report } from './report.js';

/**
 * `live`: reports, and all is well. `degraded`: reports that its backplane is. `draining`: takes no new connections. `silent`: does not
 * report. `gone`: left, or was found dead; shown for a moment. `unheard`: we cannot tell, because we are cut off ourselves.
 */
export type NodeState = 'live' | 'degraded' | 'draining' | 'silent' | 'gone' | 'unheard';

export interface Rates {
  readonly published: number;
  readonly delivered: number;
  readonly opened: number;
}

const NoRates: Rates = { published: 0, delivered: 0, opened: 0 };
const SparkLength = 60;

/** Reports come each second; four in a row missed means that something is wrong. */
export const SilentAfterMs = 4_000;
/** A node whose end nobody told, such as the last one of its fleet. */
const ForgottenAfterMs = 120_000;
/** How long one that is gone is still shown, so that it is seen to go. */
const FarewellMs = 6_000;

/** One node as the page knows it. */
export class FleetNode {
  readonly id: string;
  /** Of the last report, or what the API listed. */
  last: Report | undefined;
  listed: ListedNode | undefined;
  rates: Rates = NoRates;
  /** Deliveries a second, of the last minute. */
  readonly spark: number[] = [];
  #heardAt: number;
  #previous: Report | undefined;
  #goneAt: number | undefined;
  #goneDead = false;
  /** Latency counts that came since they were last taken. */
  #latency: (Readonly<Record<string, number>> | undefined)[] = [];

  constructor(id: string, now: number) {
    this.id = id;
    this.#heardAt = now;
  }

  get name(): string {
    return this.last?.name ?? this.listed?.name ?? this.id;
  }

  get version(): string {
    return this.last?.version ?? this.listed?.version ?? '?';
  }

  get started(): number {
    return this.last?.started ?? (this.listed ? Date.parse(this.listed.started) : 0);
  }

  get connections(): number {
    return this.last?.connections ?? this.listed?.connections ?? 0;
  }

  get rooms(): number {
    return this.last?.rooms ?? this.listed?.rooms ?? 0;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  /** Whether it was found dead, and did not leave by itself. */
  get died(): boolean {
    return this.#goneDead;
  }

  get isDraining(): boolean {
    return this.last ? this.last.drain !== 'not draining' : (this.listed?.draining ?? false);
  }

  get isDegraded(): boolean {
    return (this.last?.backplane.state ?? this.listed?.backplane) === 'degraded';
  }

  /** Takes a report; one that came already, by another way, is none. */
  report(report: Report, now: number): boolean {
    const { last } = this;
    if (last && report.started === last.started && report.seq <= last.seq) return false;
    this.#previous = last && report.started === last.started ? last : undefined;
    this.last = report;
    this.#heardAt = now;
    this.#goneAt = undefined;
    this.rates = rates(this.#previous, report);
    this.#latency.push(report.latency);
    this.spark.push(this.rates.delivered);
    if (this.spark.length > SparkLength) this.spark.shift();
    return true;
  }

  takeLatency(): (Readonly<Record<string, number>> | undefined)[] {
    const taken = this.#latency;
    this.#latency = [];
    return taken;
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
    if (now - this.#heardAt >= SilentAfterMs) {
      if (!canHear) return 'unheard';
      return 'silent';
    }
    if (this.isDegraded) return 'degraded';
    return this.isDraining ? 'draining' : 'live';
  }

  /** Whether it need not be shown any more. */
  isOver(now: number, canHear: boolean): boolean {
    if (this.#goneAt !== undefined) return now - this.#goneAt >= FarewellMs;
    // One that drained and fell silent has left, whether or not its last word was heard.
    const patience = this.isDraining ? SilentAfterMs + FarewellMs : ForgottenAfterMs;
    return canHear && now - this.#heardAt >= patience;
  }

  /** Nothing could be heard for a while: silence until now says nothing. */
  excuse(now: number): void {
    if (this.#goneAt === undefined) this.#heardAt = Math.max(this.#heardAt, now);
  }
}

function rates(previous: Report | undefined, report: Report): Rates {
  const seconds = previous ? (report.at - previous.at) / 1_000 : 0;
  // Without a report before, after a long hole, or with a clock that was set back there is no rate to tell.
  if (!previous || seconds <= 0 || seconds > 30) return NoRates;
  const rate = (key: 'published' | 'delivered' | 'opened'): number => Math.max(0, (report[key] - previous[key]) / seconds);
  return { published: rate('published'), delivered: rate('delivered'), opened: rate('opened') };
}
