import { decode, encode } from '@msgpack/msgpack';
import type { Codec, Inbound } from './wire.js';

/**
 * MessagePack instead of JSON: `new FanoutClient({ url, codec: msgpack })`. Payloads may hold `Uint8Array`; JSON members of the room get
 * them as base64. Dates and other extension types are refused by the node.
 */
export const msgpack: Codec = {
  protocol: 'fanout.v1.msgpack',
  encode: message => encode(message, { ignoreUndefined: true }),
  decode: data => decode(data as ArrayBuffer) as Inbound,
};
