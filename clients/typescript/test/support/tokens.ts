import { createHmac } from 'node:crypto';
import { signingKey } from './processes.js';

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token for the nodes of the tests. */
export function token(user: string, options: { seconds?: number; join?: string[]; publish?: string[]; presence?: string[] } = {}): string {
  const { seconds = 3_600, join = ['*'], publish = ['*'], presence = ['*'] } = options;
  const claims = { sub: user, exp: Math.floor(Date.now() / 1_000) + seconds, fanout: { join, publish, presence, info: { name: user } } };
  const content = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64(claims)}`;
  return `${content}.${createHmac('sha256', signingKey).update(content).digest('base64url')}`;
}

export const tokenSettings = {
  'Fanout:Auth:AllowAnonymous': 'false',
  'Fanout:Auth:Jwt:SigningKey': signingKey,
};
