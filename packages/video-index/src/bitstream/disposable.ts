import type { VideoDecoderConfig } from "@millrace/media";
import { nalUnits } from "./nal-units.ts";

/**
 * Whether no other picture refers to that of a packet, so that it need not be decoded when its own is not wanted.
 * False where that is not known.
 *
 * H.264: `nal_ref_idc` 0 in all slices (ITU-T H.264, 7.4.1). MPEG-4 part 2 and MPEG-2: B pictures.
 */
export function isDisposable(config: VideoDecoderConfig | undefined, data: Uint8Array): boolean {
  switch (config?.family) {
    case "h264": {
      let slices = 0;
      for (const unit of nalUnits(data, config)) {
        const header = unit[0] as number;
        const type = header & 0x1f;
        if (type < 1 || type > 5) continue;
        if ((header & 0x60) !== 0) return false;
        slices += 1;
      }
      return slices > 0;
    }
    case "mpeg4":
      return startCodeValue(data, 0xb6) >> 6 === 2;
    case "mpeg2video":
      return ((startCodeValue(data, 0x00, 2) >> 3) & 7) === 3;
    default:
      return false;
  }
}

/** The byte behind the first start code of a kind; 0 where there is none. */
function startCodeValue(data: Uint8Array, code: number, skip = 1): number {
  for (let at = 0; at + 3 + skip < data.length; at++) {
    if (data[at] !== 0 || data[at + 1] !== 0 || data[at + 2] !== 1) continue;
    if (data[at + 3] === code) return data[at + 3 + skip] as number;
    at += 3;
  }
  return 0;
}
