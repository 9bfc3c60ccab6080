// Kept as they are written, where the browser can: Chromium from 114 on, Firefox 135, Safari 18.4.
const raw = (JSON as { rawJSON?: (text: string) => unknown }).rawJSON;

/** As `JSON.parse`, but numbers that JavaScript would change are written by `JSON.stringify` as they stood. */
export function parseExact(text: string): unknown {
  if (!raw) return JSON.parse(text);
  const revive = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined && String(value) !== context.source ? raw(context.source) : value;
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

/** A number in a JSON text that this browser would change; undefined where there is none. */
export function numberThatChanges(text: string, keeps: boolean = raw !== undefined): string | undefined {
  if (keeps) return undefined;
  const numbers = text.replace(/"(?:\\.|[^"\\])*"/g, '""').match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g);
  return numbers?.find(number => !Number.isFinite(Number(number)) || isRounded(Number(number)));
}

/** Whether a value holds whole numbers beyond what JavaScript keeps apart: somebody has rounded them on the way. */
export function hasRounded(value: unknown): boolean {
  if (typeof value === 'number') return isRounded(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasRounded);
}

const isRounded = (number: number): boolean => Number.isInteger(number) && !Number.isSafeInteger(number);
