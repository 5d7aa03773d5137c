import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../../api/api-error.ts";
import { videoApi } from "../../api/video-client.ts";
import type { FrameDetections, FramePicture, Video } from "../../api/video-types.ts";
import { type LatestOnly, latestOnly } from "./latest-only.ts";

/** A frame that takes longer is given up for the next one. */
const PATIENCE_MS = 400;

/** What is shown of a video, and what moves it. */
export interface Player {
  /** The frame that is wanted; the one that is shown follows it. */
  readonly wanted: number;
  readonly picture: FramePicture | undefined;
  /** What was found in the frame that is shown, and never in another. */
  readonly found: FrameDetections | undefined;
  readonly playing: boolean;
  readonly problem: string | undefined;
  go(frame: number): void;
  /** From the frame that is wanted, which may be further than the one that is shown. */
  step(by: number): void;
  toggle(): void;
}

/**
 * Shows frames of a video.
 *
 * @param width - pixels that the picture is asked for with; undefined: its own
 */
export function usePlayer(video: Video, inference: boolean, width: number | undefined): Player {
  const [wanted, setWanted] = useState(0);
  const [picture, setPicture] = useState<FramePicture>();
  const [found, setFound] = useState<FrameDetections>();
  const [playing, setPlaying] = useState(false);
  const [problem, setProblem] = useState<string>();
  const pictures = useRef<LatestOnly | undefined>(undefined);
  const models = useRef<LatestOnly | undefined>(undefined);
  // Keys that are held come faster than the page is drawn.
  const newest = useRef(0);
  const shownWidth = useRef(width);
  shownWidth.current = width;

  useEffect(() => {
    const onFailed = (error: unknown): void => {
      setPlaying(false);
      setProblem(messageOf(error));
    };
    const frames = latestOnly<FramePicture>({
      patienceMs: PATIENCE_MS,
      load: (frame, signal) => videoApi.picture(video.id, frame, shownWidth.current, signal),
      onLoaded: (next) => {
        setProblem(undefined);
        setPicture(next);
      },
      onFailed,
    });
    const looks = latestOnly<FrameDetections>({
      patienceMs: PATIENCE_MS,
      load: (frame, signal) => videoApi.detections(video.id, frame, { signal }),
      onLoaded: setFound,
      onFailed,
    });
    pictures.current = frames;
    models.current = looks;
    frames.want(0);
    return () => {
      frames.close();
      looks.close();
    };
  }, [video.id, video.sha256]);

  // The memory of a picture that is shown no more.
  useEffect(() => () => picture?.bitmap.close(), [picture]);

  // Another size of the same frame.
  useEffect(() => {
    if (picture !== undefined) pictures.current?.want(wanted);
  }, [width]);

  const shown = picture?.index;
  useEffect(() => {
    if (inference && shown !== undefined) models.current?.want(shown);
    if (!inference) setFound(undefined);
  }, [inference, shown]);

  const go = useCallback(
    (frame: number) => {
      const next = Math.min(video.frameCount - 1, Math.max(0, Math.round(frame)));
      newest.current = next;
      setWanted(next);
      pictures.current?.want(next);
    },
    [video.frameCount],
  );

  // Each frame as long as the file says, and until what is found in it is there.
  const isComplete = picture !== undefined && (!inference || found?.index === picture.index);
  useEffect(() => {
    if (!playing || !isComplete || picture === undefined) return;
    const last = picture.index + 1 >= video.frameCount;
    const timer = setTimeout(() => go(last ? 0 : picture.index + 1), picture.duration * 1000);
    return () => clearTimeout(timer);
  }, [playing, isComplete, picture, go, video.frameCount]);

  return {
    wanted,
    picture,
    found: found?.index === shown ? found : undefined,
    playing,
    problem,
    go: (frame) => {
      setPlaying(false);
      go(frame);
    },
    step: (by) => {
      setPlaying(false);
      go(newest.current + by);
    },
    toggle: () => setPlaying((now) => !now),
  };
}
