import type { FrameDetections, FramePicture, Video } from "../../api/video-types.ts";

interface Props {
  readonly video: Video;
  readonly picture: FramePicture | undefined;
  readonly found: FrameDetections | undefined;
  readonly inference: boolean;
}

/** What the frame is that is shown, and how the server came by it. */
export function FrameFacts({ video, picture, found, inference }: Props) {
  if (picture === undefined) return <p class="frame-facts muted">Reading the first frame…</p>;
  const { index, time, key, exactness, status, hit, serverMs } = picture;
  return (
    <dl class="frame-facts">
      <Fact name="Frame">
        <b data-fact="frame">{index}</b> <span class="muted">of {video.frameCount - 1}</span>
      </Fact>
      <Fact name="Time">
        {time.toFixed(3)} s{key && <span class="badge key-frame">key</span>}
      </Fact>
      <Fact name="Exactness">
        <span class={`state ${exactness === "estimated" ? "delayed" : "done"}`}>{exactness}</span>
        {status !== "ok" && <span class="state failed">{status}</span>}
      </Fact>
      <Fact name="Server">
        {hit ? "cache" : "decoded"}, {serverMs.toFixed(1)} ms
      </Fact>
      <Fact name="Found">{inference ? countsOf(found) : <span class="muted">off</span>}</Fact>
    </dl>
  );
}

function Fact({
  name,
  children,
}: {
  readonly name: string;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** "2 red, 1 blue". */
function countsOf(found: FrameDetections | undefined) {
  if (found === undefined) return <span class="muted">…</span>;
  const counts = new Map<string, number>();
  for (const { class: name } of found.detections) counts.set(name, (counts.get(name) ?? 0) + 1);
  const words = [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
  return <span data-fact="found">{words || "nothing"}</span>;
}
