import type { ComponentChildren, JSX } from 'preact';

interface IconProps {
  size?: number;
  class?: string;
}

const icon = (children: ComponentChildren) => ({ size = 16, class: name }: IconProps): JSX.Element => (
  <svg class={name} width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
    {children}
  </svg>
);

export const Search = icon(<><circle cx="7" cy="7" r="4.25" /><path d="m10.25 10.25 3 3" /></>);
export const Sun = icon(<><circle cx="8" cy="8" r="2.75" /><path d="M8 1.750v1M8 13.250v1M1.75 8h1M13.25 8h1M3.58 3.580l.7.7M11.72 11.720l.7.7M3.58 12.420l.7-.7M11.72 4.280l.7-.7" /></>);
export const Moon = icon(<path d="M13.25 9.600A5.5 5.5 0 0 1 6.4 2.750a5.5 5.5 0 1 0 6.85 6.850Z" />);
export const Auto = icon(<><circle cx="8" cy="8" r="5.5" /><path d="M8 2.500v11a5.5 5.5 0 0 0 0-11Z" fill="currentColor" stroke="none" /></>);
export const Exit = icon(<><path d="M6.25 2.750h-2a1.5 1.5 0 0 0-1.5 1.500v7.500a1.5 1.5 0 0 0 1.5 1.500h2" /><path d="M10.25 11 13.25 8l-3-3M13 8H6.5" /></>);
export const Check = icon(<path d="m3.5 8.5 3 3 6-7" />);
export const Cross = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const Warning = icon(<><path d="M8 2.5 14 13H2L8 2.500Z" /><path d="M8 6.750v2.750M8 11.250v.01" /></>);
export const Alert = icon(<><circle cx="8" cy="8" r="5.75" /><path d="M8 5v3.500M8 10.750v.01" /></>);
export const Info = icon(<><circle cx="8" cy="8" r="5.75" /><path d="M8 7.500V11M8 5.250v.01" /></>);
export const Dots = icon(<><path d="M3.5 8v.01M8 8v.01M12.5 8v.01" stroke-width="2.2" /></>);
export const Back = icon(<path d="M9.75 3.5 5.25 8l4.5 4.5" />);
export const Next = icon(<path d="M6.25 3.5 10.75 8l-4.5 4.5" />);
export const RoomIcon = icon(<path d="M3.5 6h9.500M3 10h9.500M6.5 3 5.5 13M10.5 3l-1 10" />);
export const UserIcon = icon(<><circle cx="8" cy="5.5" r="2.5" /><path d="M3.25 13.250c.5-2.6 2.4-4 4.75-4s4.25 1.4 4.75 4" /></>);
export const PlugIcon = icon(<><path d="M6 2.500v3M10 2.500v3M4.5 5.500h7v2a3.5 3.5 0 0 1-7 0v-2ZM8 11v2.5" /></>);
export const Send = icon(<path d="M13.5 2.5 7 9M13.5 2.500l-4 11L7 9 2.5 6.500l11-4Z" />);

export const Logo = ({ size = 24 }: IconProps): JSX.Element => (
  <svg class="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="9" />
    <g fill="none" stroke-width="2.3" stroke-linecap="round"><path d="M9 16h5M14 16c4 0 3.5-6.5 9-6.500M14 16h9M14 16c4 0 3.5 6.5 9 6.5" /></g>
    <circle cx="8.5" cy="16" r="2.4" />
  </svg>
);
