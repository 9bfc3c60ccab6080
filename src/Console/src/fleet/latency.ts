/** Steps grow by a fifth; the n-th ends at 0.1 ms x 2^(n/4). The node has the same numbers (LatencyCounts.cs). */
const FirstMs = 0.1;

export const stepEndMs = (step: number): number => FirstMs * 2 ** (step / 4);

/** Adds what several nodes have counted. */
export function addUp(counts: Iterable<Readonly<Record<string, number>> | undefined>): Map<number, number> {
  const sum = new Map<number, number>();
  for (const one of counts) {
    for (const [step, count] of Object.entries(one ?? {})) {
      const key = Number(step);
      if (Number.isInteger(key) && key >= 0 && count > 0) sum.set(key, (sum.get(key) ?? 0) + count);
    }
  }
  return sum;
}

/** The duration that a share of the messages did not exceed, in ms; null where there were none. */
export function percentile(counts: ReadonlyMap<number, number>, share: number): number | null {
  let total = 0;
  for (const count of counts.values()) total += count;
  if (total === 0) return null;
  let passed = 0;
  for (const step of [...counts.keys()].sort((a, b) => a - b)) {
    passed += counts.get(step)!;
    if (passed >= total * share) return stepEndMs(step);
  }
  return null;
}
