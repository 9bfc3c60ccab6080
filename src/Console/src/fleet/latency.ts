/** Counts of deliveries by step: the n-th ends at 1 ms x 2^(n/4). The node has the same numbers (src/FanoutNode/Lanes/DeliveryTimes.cs). */
export type Counts = Readonly<Record<string, number>>;

const FirstMs = 1;
/** Stands for the first step: messages are stamped in whole milliseconds, and what is quicker cannot be told apart. */
const BelowFirstMs = 0.5;

/** What was counted between two reports; counts only grow, so that one which was missed does no harm. */
export function difference(before: Counts | undefined, after: Counts | undefined): Counts {
  const grown: Record<string, number> = {};
  for (const [step, count] of Object.entries(after ?? {})) {
    const more = count - (before?.[step] ?? 0);
    if (more > 0) grown[step] = more;
  }
  return grown;
}

/** Adds what several nodes have counted. */
export function addUp(counts: Iterable<Counts | undefined>): Map<number, number> {
  const sum = new Map<number, number>();
  for (const one of counts) {
    for (const [step, count] of Object.entries(one ?? {})) {
      const key = Number(step);
      if (Number.isInteger(key) && key >= 0 && count > 0) sum.set(key, (sum.get(key) ?? 0) + count);
    }
  }
  return sum;
}

/** The duration that a share of the deliveries did not exceed, in ms; null where there were none. */
export function percentile(counts: ReadonlyMap<number, number>, share: number): number | null {
  let total = 0;
  for (const count of counts.values()) total += count;
  if (total === 0) return null;
  let passed = 0;
  for (const step of [...counts.keys()].sort((a, b) => a - b)) {
    const here = counts.get(step)!;
    if (passed + here >= total * share) {
      // Where in the step it lies nobody knows; evenly spread, as the steps are, it is not always their end.
      return step === 0 ? BelowFirstMs : FirstMs * 2 ** ((step - 1 + (total * share - passed) / here) / 4);
    }
    passed += here;
  }
  return null;
}
