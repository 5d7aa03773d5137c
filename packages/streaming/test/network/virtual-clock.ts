/** A clock that jumps from one appointment to the next: minutes pass in milliseconds, always alike. */
export interface VirtualClock {
  readonly nowMs: number;
  /** Appointments of the same time are kept in the order in which they were made. */
  at(timeMs: number, work: () => void): void;
  runUntil(timeMs: number): void;
}

interface Appointment {
  readonly timeMs: number;
  readonly order: number;
  readonly work: () => void;
}

/** Makes a clock that stands at 0. */
export function createVirtualClock(): VirtualClock {
  const heap: Appointment[] = [];
  let [nowMs, made] = [0, 0];

  const isBefore = (a: Appointment, b: Appointment): boolean =>
    a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order);

  const push = (appointment: Appointment): void => {
    let i = heap.length;
    heap.push(appointment);
    while (i > 0) {
      const above = (i - 1) >> 1;
      const parent = heap[above] as Appointment;
      if (!isBefore(appointment, parent)) break;
      heap[i] = parent;
      i = above;
    }
    heap[i] = appointment;
  };

  const pop = (): Appointment => {
    const first = heap[0] as Appointment;
    const last = heap.pop() as Appointment;
    if (heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let below = 2 * i + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length) {
        if (isBefore(heap[below + 1] as Appointment, heap[below] as Appointment)) below += 1;
      }
      if (!isBefore(heap[below] as Appointment, last)) break;
      heap[i] = heap[below] as Appointment;
      i = below;
    }
    heap[i] = last;
    return first;
  };

  return {
    get nowMs() {
      return nowMs;
    },
    at(timeMs, work) {
      push({ timeMs: Math.max(timeMs, nowMs), order: made++, work });
    },
    runUntil(timeMs) {
      for (let first = heap[0]; first && first.timeMs <= timeMs; first = heap[0]) {
        pop();
        nowMs = first.timeMs;
        first.work();
      }
      nowMs = timeMs;
    },
  };
}
