import { FanoutError } from './errors.js';

// The close codes of docs/protocol.md, section 7, that this client treats by name. Constants and no object: a bundler leaves the names away.
export const Normal = 1000;
export const GoingAway = 1001;
export const TooLarge = 1009;
export const HeartbeatMissed = 4000;
export const TokenExpired = 4002;
export const Unauthorized = 4501;
export const Forbidden = 4502;

/** They in one, for users. */
export const CloseCode = { Normal, GoingAway, TooLarge, HeartbeatMissed, TokenExpired, Unauthorized, Forbidden } as const;

/** 1000, and 4500 to 4999, mean: stay away. Whatever else ends a connection means: come back. */
export const staysAway = (code: number): boolean => code === Normal || (code >= 4500 && code <= 4999);

export function farewell(code: number, reason: string): FanoutError {
  const kind = code === Unauthorized ? 'unauthorized' : code === Forbidden ? 'forbidden' : 'disconnected';
  return new FanoutError(kind, `Closed for good (${code}${reason && `: ${reason}`}).`, { closeCode: code });
}

/** Statuses of a refused handshake that no other try will change (docs/protocol.md, 2.5). */
export const refusesForGood = (status: number): boolean => status === 400 || status === 403 || status === 426;
