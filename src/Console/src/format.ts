const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const one = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** 1,204; 128.3K from a hundred thousand on. */
export const count = (value: number): string => (Math.abs(value) >= 100_000 ? short.format(value) : whole.format(value));

/** As `count`, with a decimal where the number is small. */
export const rate = (value: number): string => (value > 0 && value < 10 ? one.format(value) : count(value));

export function duration(ms: number): string {
  if (ms < 0.1) return '<0.1 ms';
  if (ms < 10) return `${one.format(ms)} ms`;
  if (ms < 1_000) return `${whole.format(ms)} ms`;
  return `${one.format(ms / 1_000)} s`;
}

/** A duration that was measured between stamps of whole milliseconds. */
export const latency = (ms: number): string => (ms < 1 ? '<1 ms' : duration(ms));

export function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let left = value;
  while (left >= 1_000 && unit < units.length - 1) {
    left /= 1_000;
    unit++;
  }
  return `${unit > 2 ? one.format(left) : whole.format(left)} ${units[unit]}`;
}

/** 45 s, 12 min, 3 h 20 min, 5 d 2 h. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${Math.floor(hours / 24)} d`;
}

export function ago(at: number, now: number): string {
  return now - at < 5_000 ? 'just now' : `${span(now - at)} ago`;
}

export const clock = (at: number): string =>
  new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const dateAndTime = (at: number): string => new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const plural = (number: number, word: string, many = `${word}s`): string => `${count(number)} ${number === 1 ? word : many}`;
