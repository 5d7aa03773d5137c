import type { ResolvedArchiveSpec } from "./archive-spec.ts";
import { hashOf } from "./random.ts";

/** One element as a controller reports it. */
export interface LayoutElement {
  readonly name: string;
  /** Decides the character of the element; does not depend on its name. */
  readonly seed: number;
  /** True for elements that are never idle, so that a chart of the first ones shows something. */
  readonly alwaysActive: boolean;
}

/** One entry of the map of a block. */
export interface LayoutResource {
  readonly id: number;
  readonly elements: readonly LayoutElement[];
  readonly metricIds: readonly number[];
}

/** The columns of the blocks of one controller, in the order in which a row is stored. */
export interface Layout {
  readonly resources: readonly LayoutResource[];
  /** Samples in one row. */
  readonly width: number;
}

/** The columns that controller `controller` of array `array` (indexes) reports. */
export function layoutOf(spec: ResolvedArchiveSpec, array: number, controller: number): Layout {
  const { serial, controllers } = arrayOf(spec, array);
  const resources: LayoutResource[] = [];
  let named = 0;
  for (const shape of spec.profile.resources) {
    const elements: LayoutElement[] = [];
    for (let index = 0; index < shape.elements; index++) {
      const name = spec.elementNames[named++] ?? shape.elementName(index);
      if (!spec.overlappingControllers && index % controllers !== controller) continue;
      elements.push({
        name,
        seed: hashOf(spec.seed, serial, shape.id, index),
        alwaysActive: index < 2,
      });
    }
    if (elements.length > 0) {
      resources.push({ id: shape.id, elements, metricIds: shape.metricIds });
    }
  }
  return createLayout(resources);
}

/** A layout of these resources, its width computed. */
export function createLayout(resources: readonly LayoutResource[]): Layout {
  let width = 0;
  for (const resource of resources) width += resource.elements.length * resource.metricIds.length;
  return { resources, width };
}

/** The array with this index. */
export function arrayOf(
  spec: ResolvedArchiveSpec,
  index: number,
): ResolvedArchiveSpec["arrays"][number] {
  const array = spec.arrays[index];
  if (array === undefined) throw new RangeError(`there is no array ${index}`);
  return array;
}
