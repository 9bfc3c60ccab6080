import type { Member } from './wire.js';

export interface PresencePage<I = unknown> {
  /** Connections in the room, on all nodes. */
  readonly count: number;
  /** Different users among them. */
  readonly users: number;
  /** Absent if only counts were asked for. */
  readonly members?: readonly Member<I>[];
  /** Goes into `after` for the next page. */
  readonly next?: string;
}

export interface PresenceChange<I = unknown> {
  readonly kind: 'join' | 'leave';
  readonly member: Member<I>;
}

/**
 * Who is in a room: the list, with the notices applied on top (docs/protocol.md, section 10). A notice that comes while the list is being
 * read counts after it, since the list may have been read before.
 */
export class Members {
  readonly #members = new Map<string, Member>();
  #early: PresenceChange[] | undefined;
  #reading = 0;

  get view(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** Reads the whole list. Whether it took the old one's place: not where another reading has begun, or `clear` was called. */
  async read(page: (after: string | undefined) => Promise<PresencePage>): Promise<boolean> {
    const reading = ++this.#reading;
    this.#early = [];
    const fresh: Member[] = [];
    let after: string | undefined;
    do {
      const { members = [], next } = await page(after);
      if (reading !== this.#reading) return false;
      fresh.push(...members);
      after = next;
    } while (after !== undefined);

    this.#members.clear();
    for (const member of fresh) this.#members.set(member.clientId, member);
    const early = this.#early;
    this.#early = undefined;
    for (const change of early) this.#apply(change);
    return true;
  }

  notice(change: PresenceChange): void {
    this.#early?.push(change);
    this.#apply(change);
  }

  /** A reading that is under way does not count any more. */
  abandon(): void {
    this.#reading++;
    this.#early = undefined;
  }

  clear(): void {
    this.abandon();
    this.#members.clear();
  }

  #apply({ kind, member }: PresenceChange): void {
    if (kind === 'join') this.#members.set(member.clientId, member);
    else this.#members.delete(member.clientId);
  }
}
