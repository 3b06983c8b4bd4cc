// Revenue over time as columns that can be read, and the same as a table.

import { money, plural, shortMoment } from "../words";
import type { Report } from "./report";

const WIDE = 720;
/** On a phone: the same height of text, fewer pixels to put it on. */
const NARROW = 360;
const HEIGHT = 200;
const LEFT = 84;
const BOTTOM = 26;
const TOP = 12;

export function SalesChart({ report }: { readonly report: Report }) {
  const { overTime, currency } = report;
  if (overTime.length === 0) return <p class="fine">Nothing is sold yet. The first sale appears here by itself.</p>;
  const width = matchMedia("(max-width: 640px)").matches ? NARROW : WIDE;
  const isFree = report.revenue === 0;
  const heightOf = (span: Report["overTime"][number]) => (isFree ? span.tickets : span.revenue);
  const words = (value: number) => (isFree ? plural(Math.round(value), "ticket") : money(Math.round(value), currency));
  const top = niceTop(Math.max(...overTime.map(heightOf), 1));
  const step = (width - LEFT) / overTime.length;
  const height = (value: number) => ((HEIGHT - BOTTOM - TOP) * value) / top;
  const last = overTime.at(-1);
  return (
    <>
      <svg
        class="chart"
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={`Sales over time, at most ${words(top)} at once. The table below has the numbers.`}
      >
        {[0, 0.5, 1].map((part) => {
          const y = HEIGHT - BOTTOM - height(top * part);
          return (
            <g key={part}>
              <line x1={LEFT} x2={width} y1={y} y2={y} class="grid" />
              <text x={LEFT - 10} y={y + 4} text-anchor="end">
                {words(top * part)}
              </text>
            </g>
          );
        })}
        {overTime.map((span, i) => (
          <rect
            key={span.from}
            x={LEFT + i * step + Math.min(2, step * 0.15)}
            y={HEIGHT - BOTTOM - height(heightOf(span))}
            width={Math.max(1, Math.min(64, step - Math.min(4, step * 0.3)))}
            height={height(heightOf(span))}
            rx={Math.min(3, step / 4)}
          >
            <title>{`${shortMoment(span.from)}: ${words(heightOf(span))}`}</title>
          </rect>
        ))}
        <text x={LEFT} y={HEIGHT - 6}>
          {shortMoment(overTime[0]?.from ?? "")}
        </text>
        {last && overTime.length > 6 && (
          <text x={width} y={HEIGHT - 6} text-anchor="end">
            {shortMoment(last.from)}
          </text>
        )}
      </svg>
      <details>
        <summary>The same as a table</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls is reached by keys */}
        <div class="scroll" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Tickets</th>
                <th scope="col">Revenue</th>
              </tr>
            </thead>
            <tbody>
              {overTime
                .filter(({ tickets }) => tickets > 0)
                .map((span) => (
                  <tr key={span.from}>
                    <th scope="row">{shortMoment(span.from)}</th>
                    <td>{span.tickets}</td>
                    <td>{money(span.revenue, currency)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

/** 1, 2 or 5 with noughts, not below the highest column. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10);
}
