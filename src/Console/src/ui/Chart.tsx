import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import uPlot from 'uplot';
import { ChartSeconds } from '../fleet/fleet.js';
import { describe, type Series } from '../fleet/series.js';
import { palette } from '../theme.js';

interface ChartProps {
  id: string;
  title: string;
  value: string;
  unit: string;
  note?: string | undefined;
  /** What the pointer is at, instead of now. */
  when: string | undefined;
  empty?: string | undefined;
  series: Series;
  names: readonly string[];
  /** CSS variables, one a line. */
  colors: readonly string[];
  fill?: boolean;
  format: (value: number) => string;
  now: number;
  onPoint: (time: number | null) => void;
}

const Height = 132;

export function Chart(props: ChartProps): JSX.Element {
  const { id, title, value, unit, note, when, empty, series, names, colors, fill = false, format, now, onPoint } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const point = useRef(onPoint);
  point.current = onPoint;

  // Anew with other colours, since a canvas does not follow the style sheet.
  useEffect(() => {
    const element = box.current!;
    const made = new uPlot(options(element, colors, fill, format, time => point.current(time)), [[], ...colors.map(() => [])] as unknown as uPlot.AlignedData, element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: Height }));
    resized.observe(element);
    draw(made, series, Date.now());
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [palette.value]);

  useEffect(() => {
    if (plot.current) draw(plot.current, series, now);
  }, [now]);

  const words = `${title} over the last five minutes: ${names.map((name, index) => `${name}: ${describe(series.lines[index]!, format)}`).join('; ')}`;
  return (
    <figure class="card chart" data-testid={`chart-${id}`}>
      <figcaption>
        <h2>{title}</h2>
        <p class="chart-value"><span data-testid={`value-${id}`}>{value}</span><span class="chart-unit">{unit}</span></p>
        <p class="chart-note">{when ?? note ?? 'last 5 minutes'}</p>
      </figcaption>
      <div class="plot" role="img" aria-label={words}>
        <div ref={box} class="plot-box" />
        {empty && <p class="plot-empty" aria-hidden="true">{empty}</p>}
      </div>
    </figure>
  );
}

function draw(plot: uPlot, series: Series, now: number): void {
  const end = Math.floor(now / 1_000);
  plot.batch(() => {
    plot.setData([series.times, ...series.lines] as unknown as uPlot.AlignedData, false);
    plot.setScale('x', { min: end - ChartSeconds + 1, max: end });
  });
}

function options(element: HTMLElement, colors: readonly string[], fill: boolean, format: (value: number) => string, onPoint: (time: number | null) => void): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const font = `11px ${style.fontFamily}`;
  return {
    width: element.clientWidth || 300,
    height: Height,
    padding: [6, 2, 0, 2],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: 'fleet', setSeries: false },
      points: { size: 7, width: 2, fill: () => color('--card'), stroke: (_, index) => color(colors[index - 1] ?? colors[0]!) },
    },
    scales: {
      x: { time: true },
      y: { range: (_, __, max) => [0, nice(max ?? 0)] },
    },
    axes: [
      {
        stroke: color('--faint'), font, size: 22, gap: 4, grid: { show: false }, ticks: { show: false }, space: 70,
        
        // A label at the edge would be cut.
        values: (plot, splits) => splits.map(split => split - plot.scales['x']!.min! < 16 || plot.scales['x']!.max! - split < 16 ? '' : new Date(split * 1_000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })),
        incrs: [60, 120, 300],
      },
      {
        side: 1, stroke: color('--faint'), font, size: 54, gap: 6, grid: { stroke: color('--grid'), width: 1 }, ticks: { show: false },
        splits: (_, __, ___, max) => [0, max / 2, max], values: (_, splits) => splits.map(split => (split === 0 ? '0' : format(split))),
      },
    ],
    series: [
      {},
      ...colors.map(name => ({
        stroke: color(name),
        width: 1.75,
        points: { show: false },
        spanGaps: !fill,
        ...(fill ? { fill: (plot: uPlot) => gradient(plot, color(name)) } : {}),
      })),
    ],
    hooks: {
      setCursor: [plot => onPoint(plot.cursor.idx == null || plot.cursor.left == null || plot.cursor.left < 0 ? null : (plot.data[0][plot.cursor.idx] ?? null))],
    },
  };
}

function gradient(plot: uPlot, color: string): CanvasGradient {
  const { top, height } = plot.bbox;
  const made = plot.ctx.createLinearGradient(0, top, 0, top + (height || 1));
  // The style sheet's colours are #rrggbb.
  made.addColorStop(0, `${color}38`);
  made.addColorStop(1, `${color}03`);
  return made;
}

/** The least of 1, 2 and 5 times a power of ten that leaves some air above; so the scale does not move with each value. */
function nice(max: number): number {
  if (!(max > 0)) return 10;
  const wanted = max * 1.08;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return [1, 2, 4, 5, 10].map(step => step * power).find(step => step >= wanted)!;
}
