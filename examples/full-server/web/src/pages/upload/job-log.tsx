import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../../api/api-error.ts";
import { api } from "../../api/client.ts";
import type { Job, LogLine } from "../../api/types.ts";
import { formatClock } from "../../format/format-time.ts";
import { Notice } from "../../parts/notice.tsx";
import { onLogLine } from "../../state/live-lists.ts";
import { timeZone } from "../../state/time-zone.ts";
import { useStore } from "../../state/use-store.ts";

const PAGE = 500;
/** A browser draws this many lines without effort; the log on the server keeps all. */
const SHOWN = 2_000;
/** Within so many pixels of the end the log follows its newest line. */
const NEAR_END_PX = 24;

interface Props {
  readonly id: string;
  readonly job: Job;
}

/** The log of a job; it grows while the job runs. */
export function JobLog({ id, job }: Props) {
  const [lines, setLines] = useState<readonly LogLine[]>();
  const [problem, setProblem] = useState<string>();
  const zone = useStore(timeZone);
  const box = useRef<HTMLDivElement>(null);
  const follow = useRef(true);

  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    let known: readonly LogLine[] = [];
    let reading = false;
    let again = false;
    const add = (more: readonly LogLine[]) => {
      known = [...known, ...more].slice(-SHOWN);
      setLines(known);
    };
    const last = () => known.at(-1)?.number ?? 0;
    const read = async () => {
      again = reading;
      if (reading) return;
      reading = true;
      try {
        let more: boolean;
        do {
          const page = await api.log(job.id, { after: last(), limit: PAGE }, { signal });
          add(page.lines.filter(({ number }) => number > last()));
          more = page.next !== null && page.lines.length > 0;
        } while (more);
        setProblem(undefined);
      } catch (error) {
        if (!signal.aborted) setProblem(messageOf(error));
      } finally {
        reading = false;
      }
      if (again && !signal.aborted) await read();
    };
    void read();
    const end = onLogLine(job.id, (line) => {
      if (!reading && line?.number === last() + 1) add([line]);
      else void read();
    });
    return () => {
      end();
      ending.abort();
    };
  }, [job.id]);

  useEffect(() => {
    if (follow.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);

  return (
    <div id={id} class="log">
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {lines === undefined && problem === undefined && <p class="muted">Reading the log…</p>}
      {lines?.length === 0 && (
        <p class="muted">
          {job.finishedMs === null ? "Nothing to tell so far." : "This job went without a remark."}
        </p>
      )}
      {lines !== undefined && lines.length > 0 && (
        <div
          ref={box}
          class="lines"
          role="log"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by keyboard
          tabIndex={0}
          aria-label={`Log of ${job.filename}`}
          onScroll={({ currentTarget }) => {
            const { scrollHeight, scrollTop, clientHeight } = currentTarget;
            follow.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
          }}
        >
          {lines.map(({ number, timeMs, text }) => (
            <div key={number}>
              <span class="muted">{formatClock(timeMs, zone)}</span> {text}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
