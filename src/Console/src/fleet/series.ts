/** One value a second for each line of a chart, the oldest giving way. */
export class Series {
  readonly #capacity: number;
  readonly times: number[] = [];
  readonly lines: (number | null)[][];

  constructor(lines: number, capacity: number) {
    this.#capacity = capacity;
    this.lines = Array.from({ length: lines }, () => []);
  }

  /** @param time Unix seconds; whole ones, and growing. */
  push(time: number, values: readonly (number | null)[]): void {
    const last = this.times.at(-1);
    if (last !== undefined && time <= last) return;
    // A tab that slept has a hole here, and not a straight line.
    if (last !== undefined && time - last > 5) this.#add(last + 1, values.map(() => null));
    this.#add(time, values);
    while (this.times.length > this.#capacity) {
      this.times.shift();
      for (const line of this.lines) line.shift();
    }
  }

  #add(time: number, values: readonly (number | null)[]): void {
    this.times.push(time);
    this.lines.forEach((line, index) => line.push(values[index] ?? null));
  }
}

/** A line in words, for those who do not see it. */
export function describe(line: readonly (number | null)[], format: (value: number) => string): string {
  const known = line.filter(value => value !== null);
  if (known.length === 0) return 'nothing measured yet';
  return `now ${format(known.at(-1)!)}, lowest ${format(Math.min(...known))}, highest ${format(Math.max(...known))}`;
}
