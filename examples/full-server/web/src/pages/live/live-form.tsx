import type { StreamList, TransportName } from "../../api/stream-types.ts";
import type { Video } from "../../api/video-types.ts";
import { Choice } from "../../parts/choice.tsx";
import type { LiveWish } from "./live-wish.ts";

const RATES = ["60", "30", "25", "15", "10", "5", "1"];
const ROWS = ["1080", "720", "480", "360", "240"];
const TRANSPORTS: readonly (readonly [TransportName, string])[] = [
  ["webrtc", "WebRTC"],
  ["websocket", "WebSocket"],
  ["mjpeg", "MJPEG"],
];

interface Props {
  readonly wish: LiveWish;
  readonly videos: readonly Video[];
  readonly server: StreamList;
  readonly onChange: (wish: LiveWish) => void;
}

/** What to play, and how it shall come. */
export function LiveForm({ wish, videos, server, onChange }: Props) {
  const change = (news: Partial<LiveWish>): void => onChange({ ...wish, ...news });
  const usable = TRANSPORTS.filter(([name]) => server.transports[name].available);
  return (
    <div class="live-form">
      <label>
        Source
        <select
          class="field"
          value={wish.video}
          onChange={({ currentTarget }) => change({ video: currentTarget.value })}
        >
          <option value="">Test pattern</option>
          {videos.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Frames a second
        <select
          class="field"
          value={wish.fps}
          onChange={({ currentTarget }) => change({ fps: currentTarget.value })}
        >
          <option value="">all</option>
          {optionsWith(RATES, wish.fps).map((rate) => (
            <option key={rate}>{rate}</option>
          ))}
        </select>
      </label>
      <label>
        Rows at most
        <select
          class="field"
          value={wish.height}
          onChange={({ currentTarget }) => change({ height: currentTarget.value })}
        >
          <option value="">all</option>
          {optionsWith(ROWS, wish.height).map((rows) => (
            <option key={rows}>{rows}</option>
          ))}
        </select>
      </label>
      <Choice
        label="Transport"
        options={usable}
        value={wish.transport}
        onChange={(transport) => change({ transport })}
      />
      {wish.video !== "" && server.hasModel && (
        <label class="check">
          <input
            type="checkbox"
            checked={wish.inference}
            onChange={({ currentTarget }) => change({ inference: currentTarget.checked })}
          />
          Detect
        </label>
      )}
      {wish.video === "" && wish.transport !== "mjpeg" && (
        <label class="check">
          <input
            type="checkbox"
            checked={wish.sound}
            onChange={({ currentTarget }) => change({ sound: currentTarget.checked })}
          />
          Sound
        </label>
      )}
    </div>
  );
}

/** An address may name another value. */
function optionsWith(options: readonly string[], value: string): readonly string[] {
  return value === "" || options.includes(value) ? options : [...options, value];
}
