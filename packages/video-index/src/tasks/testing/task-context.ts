import type { ImagePlacement, TaskContext } from "../inference-task.ts";

/** What {@link taskContext} may be told. */
export interface TaskContextOptions extends Partial<Omit<TaskContext, "placement">> {
  readonly placement?: Partial<ImagePlacement>;
}

/** The context of a frame of 640 × 640 pixels that is the model's input as it is, unless told otherwise. */
export function taskContext(options: TaskContextOptions = {}): TaskContext {
  return {
    index: 0,
    pts: 0,
    time: 0,
    width: 640,
    height: 640,
    ...options,
    placement: {
      inputWidth: 640,
      inputHeight: 640,
      scaleX: 1,
      scaleY: 1,
      left: 0,
      top: 0,
      x: 0,
      y: 0,
      ...options.placement,
    },
  };
}
