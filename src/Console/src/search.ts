import { count, plural } from './format.js';
import { ApiError, api } from './session.js';
import type { Target } from './ui/Finder.js';

export interface RoomItem {
  readonly room: string;
  readonly members: number;
}

export interface RoomInfo {
  readonly room: string;
  readonly members: number;
  readonly users: number;
  readonly epoch?: string;
  readonly offset?: number;
}

export interface MemberItem {
  readonly clientId: string;
  readonly userId?: string;
  readonly info?: unknown;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

export interface UserInfo {
  readonly user: string;
  readonly online: boolean;
  readonly connections: readonly { readonly clientId: string; readonly node: string; readonly since?: string }[];
  readonly lastSeen?: string;
}

export interface ConnectionInfo {
  readonly clientId: string;
  readonly node: string;
  readonly userId?: string;
  readonly since?: string;
  /** The first hundred; absent where its node does not answer. */
  readonly rooms?: readonly string[];
  readonly roomCount?: number;
}

export interface HistoryPage {
  readonly epoch?: string;
  readonly offset?: number;
  readonly items: readonly KeptMessage[];
  readonly next?: string;
}

export interface KeptMessage {
  readonly id: string;
  readonly offset?: number;
  readonly timestamp: number;
  readonly from?: { readonly clientId: string; readonly userId?: string };
  readonly payload: unknown;
}

export interface Found {
  readonly query: string;
  readonly items: readonly { readonly target: Target; readonly note: string }[];
  readonly more: boolean;
  readonly problems: readonly string[];
}

export const roomPath = (name: string): string => `rooms/${encodeURIComponent(name)}`;
export const userPath = (name: string): string => `users/${encodeURIComponent(name)}`;
export const connectionPath = (id: string): string => `connections/${encodeURIComponent(id)}`;

const Rooms = 20;

/** Looks everywhere at once: what somebody types may be any of the three. */
export async function search(query: string, signal: AbortSignal): Promise<Found> {
  const problems = new Set<string>();
  const ask = async <T>(path: string): Promise<T | null> => {
    try {
      return await api<T>(path, signal);
    } catch (error) {
      // No user and no connection can have such a name: it is not found, like any other.
      if (!(error instanceof ApiError && error.status === 400) && !signal.aborted) problems.add((error as Error).message);
      return null;
    }
  };
  const [rooms, exact, user, connection] = await Promise.all([
    ask<Page<RoomItem>>(`rooms?limit=${Rooms}&prefix=${encodeURIComponent(query)}`),
    ask<RoomInfo>(roomPath(query)),
    ask<UserInfo>(userPath(query)),
    ask<ConnectionInfo>(connectionPath(query)),
  ]);
  const listed = (rooms?.items ?? []).filter(item => !item.room.startsWith('$ops'));
  const items: { target: Target; note: string }[] = [];
  if (connection) items.push({ target: { kind: 'connection', name: connection.clientId }, note: connection.userId ?? 'anonymous' });
  if (user && (user.online || user.connections.length > 0 || user.lastSeen !== undefined)) {
    items.push({ target: { kind: 'user', name: user.user }, note: user.online ? plural(user.connections.length, 'connection') : 'offline' });
  }
  // A room without members may still have a history.
  if (exact && (exact.offset ?? 0) > 0 && !listed.some(item => item.room === exact.room)) {
    items.push({ target: { kind: 'room', name: exact.room }, note: exact.members > 0 ? plural(exact.members, 'member') : `no members, ${count(exact.offset!)} messages` });
  }
  for (const item of listed) items.push({ target: { kind: 'room', name: item.room }, note: plural(item.members, 'member') });
  return { query, items, more: rooms?.next !== undefined, problems: [...problems] };
}
