import { signal } from '@preact/signals';
import { parseExact } from './exact.js';

/** What the node says when it takes a key (src/FanoutNode/Console/ConsoleEndpoints.cs). */
export interface Session {
  readonly token: string;
  readonly expiresAt: number;
  readonly name: string;
  readonly scopes: readonly string[];
  /** The node asks for no key: it runs in Development and has none. */
  readonly open: boolean;
  readonly node: string;
}

export type SignIn =
  | { readonly step: 'starting' }
  | { readonly step: 'asking'; readonly problem?: string }
  | { readonly step: 'unreachable'; readonly problem: string }
  | { readonly step: 'in'; readonly session: Session };

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const StorageName = 'fanout.console.key';

/** Where the node is: the page lies at /console, behind whatever path a proxy has put before it. */
export const base = new URL('./', document.baseURI);

export const signIn = signal<SignIn>({ step: 'starting' });

// Of this tab alone, until it signs out: never in a URL or a cookie. A browser that restores a closed tab restores this with it, and keeps it on
// its disk for that; a reload would ask for the key each time else.
let key: string | undefined = read();
let retry: ReturnType<typeof setTimeout> | undefined;

const RetryMs = 3_000;

/** Goes in with the key of this tab, or without one where the node asks for none. Tries again by itself while the node does not answer. */
export async function start(): Promise<void> {
  clearTimeout(retry);
  try {
    signIn.value = { step: 'in', session: await exchange() };
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      const had = key !== undefined;
      forget();
      signIn.value = had ? { step: 'asking', problem: error.status === 403 ? error.message : 'The key of this tab is not valid any more.' } : { step: 'asking' };
    } else {
      signIn.value = { step: 'unreachable', problem: (error as Error).message };
      retry = setTimeout(() => void start(), RetryMs);
    }
  }
}

export async function enter(given: string): Promise<void> {
  const before = key;
  key = given;
  try {
    signIn.value = { step: 'in', session: await exchange() };
    try {
      sessionStorage.setItem(StorageName, given);
    } catch {
      // Storage may be forbidden: then a reload asks again.
    }
  } catch (error) {
    key = before;
    throw error instanceof ApiError && error.status === 401 ? new ApiError(401, 'No node knows this key.') : error;
  }
}

export function leave(problem?: string): void {
  forget();
  signIn.value = problem === undefined ? { step: 'asking' } : { step: 'asking', problem };
}

/** A token for the socket, for the key. */
export async function exchange(signal?: AbortSignal): Promise<Session> {
  return (await call('POST', 'console/session', signal)) as Session;
}

/** A call of the HTTP API; 404 is null. */
export async function api<T>(path: string, signal?: AbortSignal): Promise<T | null> {
  try {
    return (await call('GET', `api/v1/${path}`, signal)) as T;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export const remove = (path: string): Promise<unknown> => call('DELETE', `api/v1/${path}`);

async function call(method: string, path: string, signal?: AbortSignal): Promise<unknown> {
  const response = await fetch(new URL(path, base), {
    method,
    headers: key === undefined ? {} : { 'X-Api-Key': key },
    credentials: 'omit',
    cache: 'no-store',
    redirect: 'error',
    signal: signal ?? null,
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new Error('The node does not answer.', { cause });
  });
  const text = await response.text();
  const body = parse(text);
  if (!response.ok) throw new ApiError(response.status, (body as { detail?: string } | undefined)?.detail ?? `The node answered ${response.status}.`);
  return body;
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : parseExact(text);
  } catch {
    return undefined;
  }
}

function read(): string | undefined {
  try {
    return sessionStorage.getItem(StorageName) ?? undefined;
  } catch {
    return undefined;
  }
}

function forget(): void {
  key = undefined;
  try {
    sessionStorage.removeItem(StorageName);
  } catch {
    // As above.
  }
}
