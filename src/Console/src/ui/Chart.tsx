import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import uPlot from 'uplot';
import { ChartSeconds } from '../fleet/fleet.js';
import { describe, type Series } from '../fleet/series.js';
import { clock } from '../format.js';
import { palette } from '../theme.js';

interface ChartProps {
  id: string;
  title: string;
  value: string;
  unit: string;
  note?: string | undefined;
  /** What the number means, where its name does not say it. */
  hint?: string;
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
  const { id, title, value, unit, note, hint, when, empty, series, names, colors, fill = false, format, now, onPoint } = props;
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

  const [picked, pick] = useState<number | null>(null);
  useEffect(() => {
    if (!plot.current) return;
    draw(plot.current, series, now);
    // The chart moves on under it.
    if (picked !== null) mark(plot.current, picked);
  }, [now]);

  // By the keyboard, as by the pointer: a second back or forth, ten with Page, and Escape for now.
  const move = (event: KeyboardEvent): void => {
    const { times } = series;
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
    const now = picked === null ? times.length - 1 : times.indexOf(picked);
    const next = event.key === 'Home' ? 0 : event.key === 'End' ? times.length - 1 : event.key in steps ? Math.min(Math.max(0, now + steps[event.key]!), times.length - 1) : undefined;
    if (event.key !== 'Escape' && (next === undefined || times.length === 0)) return;
    event.preventDefault();
    show(next === undefined ? null : times[next]!);
  };
  const show = (time: number | null): void => {
    pick(time);
    if (plot.current) mark(plot.current, time);
    onPoint(time);
  };
  const at = picked === null ? -1 : series.times.indexOf(picked);
  const minutes = shownSeconds(series, Math.floor(now / 1_000)) / 60;
  const past = minutes < 2 ? 'last minute' : `last ${Math.floor(minutes)} minutes`;
  const words = `${title}, ${past}: ${names.map((name, index) => `${name}: ${describe(series.lines[index]!, format)}`).join('; ')}`;
  const spoken = (index: number): string => names.map((name, line) => `${name} ${format(series.lines[line]![index] ?? 0)}`).join(', ');
  return (
    <figure class="card chart" data-testid={`chart-${id}`}>
      <figcaption>
        <h2 title={hint}>{title}</h2>
        <p class="chart-value"><span data-testid={`value-${id}`}>{value}</span><span class="chart-unit">{unit}</span></p>
        <p class="chart-note">{when ?? note ?? past}</p>
      </figcaption>
      <div class="plot" role="slider" tabIndex={0} aria-label={words} aria-description={hint} aria-valuemin={0} aria-valuemax={Math.max(0, series.times.length - 1)}
        aria-valuenow={Math.max(0, at < 0 ? series.times.length - 1 : at)} aria-valuetext={at < 0 ? 'now' : `${clock(picked! * 1_000)}: ${spoken(at)}`}
        onKeyDown={move} onBlur={() => picked !== null && show(null)}>
        <div ref={box} class="plot-box" />
        {empty && <p class="plot-empty" aria-hidden="true"><span>{empty}</span></p>}
      </div>
    </figure>
  );
}

function mark(plot: uPlot, time: number | null): void {
  plot.setCursor({ left: time === null ? -10 : plot.valToPos(time, 'x'), top: 0 });
}

const FirstSeconds = 60;

/** A chart begins with a minute and grows: a page that was just opened has a line to show, and not a speck at the edge. */
function shownSeconds(series: Series, end: number): number {
  return Math.min(ChartSeconds, Math.max(FirstSeconds, end - (series.times[0] ?? end) + 1));
}

function draw(plot: uPlot, series: Series, now: number): void {
  const end = Math.floor(now / 1_000);
  const seconds = shownSeconds(series, end);
  plot.batch(() => {
    plot.setData([series.times, ...series.lines] as unknown as uPlot.AlignedData, false);
    plot.setScale('x', { min: end - seconds + 1, max: end });
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
        values: (plot, splits) => splits.map(split => (isAtEdge(plot, split) ? '' : clockOf(split))),
        incrs: [15, 30, 60, 120, 300],
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

const EdgePixels = 26;
const isAtEdge = (plot: uPlot, split: number): boolean => {
  const left = plot.valToPos(split, 'x');
  return left < EdgePixels || left > plot.bbox.width / devicePixelRatio - EdgePixels;
};
const clockOf = (second: number): string => (second % 60 === 0 ? clock(second * 1_000).slice(0, 5) : clock(second * 1_000));

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
