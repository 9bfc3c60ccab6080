import { FanoutError } from './errors.js';

/** The close codes of docs/protocol.md, section 7, that this client treats by name. */
export const CloseCode = {
  Normal: 1000,
  GoingAway: 1001,
  TooLarge: 1009,
  HeartbeatMissed: 4000,
  TokenExpired: 4002,
  Unauthorized: 4501,
  Forbidden: 4502,
} as const;

/** 1000, and 4500 to 4999, mean: stay away. Whatever else ends a connection means: come back. */
export const staysAway = (code: number): boolean => code === CloseCode.Normal || (code >= 4500 && code <= 4999);

export function farewell(code: number, reason: string): FanoutError {
  const kind = code === CloseCode.Unauthorized ? 'unauthorized' : code === CloseCode.Forbidden ? 'forbidden' : 'disconnected';
  return new FanoutError(kind, `The node closed the connection for good (${code}${reason && `: ${reason}`}).`, { closeCode: code });
}

/** Statuses of a refused handshake that no other try will change (docs/protocol.md, 2.5). */
export const refusesForGood = (status: number): boolean => status === 400 || status === 403 || status === 426;
