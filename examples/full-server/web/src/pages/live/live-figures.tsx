import type { PlayerStats } from "@millrace/streaming/browser";
import { formatCount } from "../../format/format-number.ts";
import type { Live } from "./use-live.ts";

const STATES: Readonly<Record<Live["state"], readonly [text: string, look: string]>> = {
  stopped: ["stopped", "cancelled"],
  connecting: ["connecting", "waiting"],
  live: ["live", "done"],
  reconnecting: ["connecting again", "delayed"],
  ended: ["ended", "cancelled"],
  failed: ["failed", "failed"],
  closed: ["closed", "cancelled"],
};

/** How the stream arrives, second by second. */
export function LiveFigures({ live }: { readonly live: Live }) {
  const { state, stats, objects } = live;
  const [text, look] = STATES[state];
  return (
    <dl class="frame-facts live-figures" aria-label="Figures of the stream">
      <Figure name="State">
        <span class={`state ${look}`}>{text}</span>
      </Figure>
      <Figure name="Frames a second">{stats ? stats.fps.toFixed(1) : "–"}</Figure>
      <Figure name="Age of a frame">{milliseconds(stats?.frameAgeMs)}</Figure>
      <Figure name="Bitrate">{bitrateOf(stats)}</Figure>
      <Figure name="There and back">{milliseconds(stats?.rttMs)}</Figure>
      <Figure name="Frames shown">{stats ? formatCount(stats.count) : "–"}</Figure>
      <Figure name="Lost">{stats ? formatCount(stats.lost) : "–"}</Figure>
      <Figure name="Left out">{stats ? formatCount(stats.dropped) : "–"}</Figure>
      <Figure name="Objects">{objects ?? "–"}</Figure>
    </dl>
  );
}

function Figure({
  name,
  children,
}: {
  readonly name: string;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-figure={name}>{children}</dd>
    </div>
  );
}

/** The clocks of server and page agree but for some milliseconds, so that an age may be reckoned below 0. */
function milliseconds(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? "–" : `${Math.max(0, Math.round(ms))} ms`;
}

function bitrateOf(stats: PlayerStats | undefined): string {
  return stats ? `${(stats.bitrate / 1e6).toFixed(2)} Mbit/s` : "–";
}
