import { fileURLToPath } from 'node:url';

/** From build/test/support. */
export const repository = fileURLToPath(new URL('../../../../..', import.meta.url)).replace(/\/$/, '');
