import { MillraceError } from "@millrace/core";
import { className } from "../detect/detections.ts";
import type { Point } from "../draw/shapes.ts";
import type { Tracks } from "../track/tracks.ts";
import { type BoxAnchor, boxAnchor } from "./box-anchor.ts";
import { type ClassCounts, classTally } from "./class-tally.ts";
import type { ZoneEvent } from "./count-event.ts";

/** A part of the picture in which objects are counted. */
export interface CountZone {
  /** Unique among the zones. */
  readonly name: string;
  /** Three or more corners, in coded pixels of the frame. Where edges cross, the even-odd rule holds. */
  readonly polygon: readonly Point[];
  /** @defaultValue `"centre"` */
  readonly anchor?: BoxAnchor;
  /** Consecutive frames inside, or outside, until it is so. @defaultValue 2 */
  readonly settleFrames?: number;
  /** Who stays shorter does not count. @defaultValue 0 */
  readonly minDwellSeconds?: number;
  /** Who is not seen for longer has left, when it was last seen. @defaultValue 1 */
  readonly lostSeconds?: number;
}

/** What is in a zone, and what has been. */
export interface ZoneCount {
  readonly name: string;
  readonly polygon: readonly Point[];
  /** Objects that are inside. */
  readonly inside: ClassCounts;
  /** Objects that have come in so far. */
  readonly entered: ClassCounts;
  /** Time that all objects together have spent inside so far. */
  readonly dwellSeconds: number;
}

/** Counts in one zone. */
export interface ZoneCounter {
  /** Takes the next frame; times must rise. Says who has come and gone. */
  update(tracks: Tracks, time: number): readonly ZoneEvent[];
  count(): ZoneCount;
  /** Forgets who is inside, without saying that they left; totals stay. */
  reset(): void;
}

interface Visitor {
  className: string;
  inside: boolean;
  /** Whether it has been inside for long enough to count. */
  counted: boolean;
  /** Frames in a row that say the other, and the first of them. */
  against: number;
  againstSince: number;
  since: number;
  lastInside: number;
  lastSeen: number;
}

/**
 * Makes a counter of the objects in a zone.
 *
 * @throws MillraceError INVALID_OPTION when the polygon has fewer than three corners
 */
export function zoneCounter(zone: CountZone): ZoneCounter {
  const { name, polygon, anchor = "centre", settleFrames = 2 } = zone;
  const { minDwellSeconds = 0, lostSeconds = 1 } = zone;
  if (polygon.length < 3) {
    throw new MillraceError(
      "INVALID_OPTION",
      `Zone "${name}" has ${polygon.length} corners: give it three or more, in pixels.`,
    );
  }
  const visitors = new Map<number, Visitor>();
  const entered = classTally();
  let dwelt = 0;
  let lastTime = Number.NEGATIVE_INFINITY;

  const event = (type: ZoneEvent["type"], trackId: number, visitor: Visitor): ZoneEvent => ({
    type,
    zone: name,
    trackId,
    className: visitor.className,
    time: type === "zone-enter" ? visitor.since : visitor.lastInside,
    dwellSeconds: visitor.lastInside - visitor.since,
  });
  const leave = (trackId: number, visitor: Visitor, events: ZoneEvent[]): void => {
    if (visitor.counted) {
      events.push(event("zone-leave", trackId, visitor));
      dwelt += visitor.lastInside - visitor.since;
    }
    visitor.inside = false;
    visitor.counted = false;
  };
  const reset = (): void => {
    for (const visitor of visitors.values()) {
      if (visitor.counted) dwelt += visitor.lastInside - visitor.since;
    }
    visitors.clear();
  };
  const see = (
    visitor: Visitor,
    trackId: number,
    inside: boolean,
    time: number,
    events: ZoneEvent[],
  ): void => {
    visitor.lastSeen = time;
    if (inside === visitor.inside) visitor.against = 0;
    else {
      if (visitor.against++ === 0) visitor.againstSince = time;
      if (visitor.against >= settleFrames) {
        visitor.against = 0;
        if (inside) Object.assign(visitor, { inside, since: visitor.againstSince });
        else leave(trackId, visitor, events);
      }
    }
    if (!inside || !visitor.inside) return;
    visitor.lastInside = time;
    if (visitor.counted || time - visitor.since < minDwellSeconds) return;
    visitor.counted = true;
    entered.add(visitor.className);
    events.push(event("zone-enter", trackId, visitor));
  };

  return {
    update(tracks, time) {
      if (time < lastTime) reset();
      lastTime = time;
      const events: ZoneEvent[] = [];
      for (let i = 0; i < tracks.count; i++) {
        if ((tracks.unseenSeconds[i] as number) > 0) continue;
        const trackId = tracks.trackIds[i] as number;
        const visitor = visitors.get(trackId) ?? newVisitor();
        visitors.set(trackId, visitor);
        visitor.className = className(tracks.classNames, tracks.classIds[i] as number);
        const inside = isInside(boxAnchor(tracks.boxes, i, anchor), polygon);
        see(visitor, trackId, inside, time, events);
      }
      for (const [id, visitor] of visitors) {
        if (time - visitor.lastSeen <= lostSeconds) continue;
        leave(id, visitor, events);
        visitors.delete(id);
      }
      return events;
    },
    count() {
      const inside = classTally();
      let dwellSeconds = dwelt;
      for (const visitor of visitors.values()) {
        if (!visitor.counted) continue;
        inside.add(visitor.className);
        dwellSeconds += visitor.lastInside - visitor.since;
      }
      const counts = { inside: inside.counts(), entered: entered.counts() };
      return { name, polygon, ...counts, dwellSeconds };
    },
    reset,
  };
}

function newVisitor(): Visitor {
  return {
    className: "",
    inside: false,
    counted: false,
    against: 0,
    againstSince: 0,
    since: 0,
    lastInside: 0,
    lastSeen: 0,
  };
}

/** Whether a point lies in a polygon: a ray to the right crosses its edges an odd number of times. */
function isInside({ x, y }: Point, polygon: readonly Point[]): boolean {
  let inside = false;
  polygon.forEach((a, i) => {
    const b = polygon[(i + 1) % polygon.length] as Point;
    if (a.y > y === b.y > y) return;
    if (x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x)) inside = !inside;
  });
  return inside;
}
