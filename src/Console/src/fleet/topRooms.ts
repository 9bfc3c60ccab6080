import type { Report } from './report.js';

export interface TopRoom {
  readonly room: string;
  /** Of the nodes that named the room; a node names its largest only. */
  readonly members: number;
  readonly rate: number;
}

const Shown = 10;

/** The nodes' lists as one: members add up, but each node hears all messages of a room, so that the highest rate is the room's. */
export function topRooms(reports: readonly Report[], by: 'rate' | 'members'): TopRoom[] {
  const rooms = new Map<string, TopRoom>();
  for (const report of reports) {
    for (const { room, members, rate } of report.top) {
      const known = rooms.get(room);
      rooms.set(room, { room, members: (known?.members ?? 0) + members, rate: Math.max(known?.rate ?? 0, rate) });
    }
  }
  return [...rooms.values()]
    .filter(room => room[by] > 0)
    .sort((a, b) => b[by] - a[by] || b.members - a.members || a.room.localeCompare(b.room, 'en'))
    .slice(0, Shown);
}
