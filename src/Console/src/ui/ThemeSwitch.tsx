import type { JSX } from 'preact';
import { choose, theme, type Theme } from '../theme.js';
import { Auto, Moon, Sun } from './icons.js';

const choices: readonly (readonly [Theme, string, (props: object) => JSX.Element])[] = [
  ['auto', 'Colours of the system', Auto],
  ['light', 'Light', Sun],
  ['dark', 'Dark', Moon],
];

export function ThemeSwitch(): JSX.Element {
  return (
    <div class="segments icons" role="group" aria-label="Colours">
      {choices.map(([value, label, Icon]) => (
        <button key={value} type="button" aria-pressed={theme.value === value} aria-label={label} title={label} onClick={() => choose(value)}><Icon /></button>
      ))}
    </div>
  );
}
