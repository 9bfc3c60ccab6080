/** Docs/protocol.md, section 8. */
export const isRoomName = (name: string): boolean => /^\$?[A-Za-z0-9._:@=-]{1,128}$/.test(name) && name.length <= 128 && !/^\$?\.{1,2}$/.test(name);

/** The room that reaches all connections of a user. */
export function userRoomName(userId: string): string {
  const bytes = new TextEncoder().encode(userId);
  return `$user.${Array.from(bytes, byte => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._:@-]/.test(character) ? character : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('')}`;
}
