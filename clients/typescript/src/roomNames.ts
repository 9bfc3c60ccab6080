/** Docs/protocol.md, section 8. */
export const isRoomName = (name: string): boolean => /^(?!\$?\.\.?$|.{129})\$?[\w.:@=-]+$/.test(name);

/** The room that reaches all connections of a user. */
export function userRoomName(userId: string): string {
  // As in a URL, but for what a name can have and a URL cannot, and the other way round.
  const escaped = encodeURIComponent(userId).replace(/%3A|%40/g, decodeURIComponent);
  return `$user.${escaped.replace(/[!~*'()]/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%', '=')}`;
}
