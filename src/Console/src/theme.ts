import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';

const StorageName = 'fanout.console.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

export const theme = signal<Theme>(read());
/** Changes whenever the colours do; what is drawn on a canvas is drawn anew. */
export const palette = signal(0);

apply();
dark.addEventListener('change', () => palette.value++);

export function choose(next: Theme): void {
  theme.value = next;
  try {
    if (next === 'auto') localStorage.removeItem(StorageName);
    else localStorage.setItem(StorageName, next);
  } catch {
    // It holds for this visit then.
  }
  apply();
}

function apply(): void {
  if (theme.value === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
  palette.value++;
}

function read(): Theme {
  try {
    const stored = localStorage.getItem(StorageName);
    return stored === 'light' || stored === 'dark' ? stored : 'auto';
  } catch {
    return 'auto';
  }
}
