import type { CommandOptions } from './commands.js';
import type { ListenOptions } from './emitter.js';
import type { FanoutError } from './errors.js';
import type { PresenceChange } from './members.js';
import type { Member, Message, Position } from './wire.js';

/** `left`: not a member and not about to be one. `joining`: will be one as soon as there is a connection and the node agrees. */
export type RoomState = 'left' | 'joining' | 'joined';

export interface RoomOptions {
  /** Keep a live list of the members (`room.members`) and tell who comes and goes. */
  presence?: boolean;
  /** Begin with so many of the newest messages, at the first join. For a user's own room, name it before `connect()`: the node joins it by itself. */
  last?: number;
  /** Begin behind this position, such as one that you stored, at the first join. */
  since?: Position;
}

export interface Joined {
  readonly room: string;
  /** Behind which the messages follow; absent in a room without history. */
  readonly position?: Position;
  /** Nothing was missed since the position that was asked for. */
  readonly recovered: boolean;
  /** The first time, and not a return after a lost connection. */
  readonly first: boolean;
  /** Members on all nodes, this connection included. */
  readonly count: number;
}

export interface Reset {
  readonly room: string;
  /** `not_recovered`: back after a lost connection, or begun behind `since`, and the room's history does not reach back. `reset`: the node lost the thread. */
  readonly reason: 'not_recovered' | 'reset';
  /** What comes live stands behind this. */
  readonly position?: Position;
}

export interface RoomEvents<T = unknown, I = unknown> {
  /** Each message once, in the room's order. */
  message: Message<T>;
  /** A membership has begun: the first, and after each reconnect. */
  joined: Joined;
  /** Back after a lost connection, or begun behind `since`, and what was missed follows: nothing to do. */
  recovered: Joined;
  /** Messages may have been missed: reload your state of this room. */
  reset: Reset;
  /** The node put us out; the room is not joined again until you ask for it. */
  left: { readonly room: string; readonly reason: string };
  /** The list of members has changed, with `presence`. */
  members: ReadonlyMap<string, Member<I>>;
  presence: PresenceChange<I>;
  state: RoomState;
  /** A join was refused for good, or the members could not be read. */
  error: FanoutError;
}

export interface HistoryOptions extends CommandOptions {
  /** Messages behind this position; by default from the oldest that is kept. */
  since?: Position | undefined;
  /** 1 to 1,000; default 100. */
  limit?: number | undefined;
}

export interface HistoryPage<T = unknown> {
  readonly messages: readonly Message<T>[];
  /** The newest position of the room; absent in a room without history. Not a position to resume from. */
  readonly position?: Position;
  /** Goes into `since` for the next page; absent on the last. */
  readonly next?: Position;
}

export interface JoinOptions extends ListenOptions {
  /** How long to wait; default: as long as it takes. The room stays wanted in any case. */
  timeoutMs?: number;
}
