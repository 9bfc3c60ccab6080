import type { ErrorCode } from './errors.js';

/** "I have everything up to here." */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

export type BackplaneState = 'healthy' | 'degraded';

/** What the node says first on every connection (docs/protocol.md, 5.1). Times are Unix milliseconds. */
export interface Connected {
  readonly clientId: string;
  /** Absent for an anonymous client. */
  readonly userId?: string;
  readonly node: string;
  /** When the token ends. */
  readonly expiresAt?: number;
  readonly heartbeat: { readonly intervalMs: number; readonly timeoutMs: number };
  /** 0 means no limit. */
  readonly limits: { readonly maxMessageBytes: number; readonly messagesPerSecond: number; readonly maxRooms: number };
  readonly backplane: BackplaneState;
  readonly rooms: readonly string[];
}

export interface Message<T = unknown> {
  readonly room: string;
  /** Names the message everywhere: live, after a reconnect and in history it is the same. */
  readonly id: string;
  /** Its number in the room; there may be holes. Absent in rooms without history. */
  readonly offset?: number;
  /** Where it stands: what to store once you have dealt with it, to go on from here after a restart of the page. Absent in rooms without history. */
  readonly position?: Position;
  readonly timestamp: number;
  /** Absent for messages published by HTTP. */
  readonly from?: { readonly clientId: string; readonly userId?: string };
  readonly payload: T;
}

export interface Member<I = unknown> {
  readonly clientId: string;
  readonly userId?: string;
  readonly info?: I;
}

/** Any message of a node, before its type is known. */
export interface Inbound {
  readonly type: string;
  readonly id?: string;
  readonly room?: string;
  readonly offset?: number;
  readonly timestamp?: number;
  readonly from?: { readonly clientId: string; readonly userId?: string };
  // The payload's shape follows from `type`; the one place where it is read says which.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly payload?: any;
}

export interface ErrorPayload {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
}

export interface Outbound {
  readonly type: string;
  readonly id?: string | undefined;
  readonly room?: string | undefined;
  readonly method?: string | undefined;
  readonly key?: string | undefined;
  readonly echo?: false | undefined;
  readonly traceparent?: string | undefined;
  readonly payload?: unknown;
}

/** Turns messages into frames and back. */
export interface Codec {
  /** The subprotocol that is offered. */
  readonly protocol: string;
  /** Fields that are undefined are left out. */
  encode(message: Outbound): string | Uint8Array<ArrayBuffer>;
  decode(data: string | ArrayBuffer): Inbound;
}

/** Without the fields that are undefined. */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  for (const key in fields) if (fields[key] === undefined) delete fields[key];
  return fields as T;
}

export const json: Codec = {
  protocol: 'fanout.v1.json',
  encode: message => JSON.stringify(message),
  decode: data => JSON.parse(data as string) as Inbound,
};
