import { signal } from '@preact/signals';

const StorageName = 'fanout.console.slash';

/** Whether "/" alone opens the search. Who speaks to the computer, or hits keys by chance, can switch it off (WCAG 2.1.4); Ctrl+K stays. */
export const slashOpens = signal(read());

export function setSlash(on: boolean): void {
  slashOpens.value = on;
  try {
    if (on) localStorage.removeItem(StorageName);
    else localStorage.setItem(StorageName, 'off');
  } catch {
    // It holds for this visit then.
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(StorageName) !== 'off';
  } catch {
    return true;
  }
}
