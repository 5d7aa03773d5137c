import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { mjpegClient } from "../../test/mjpeg-client.ts";
import { describeTransport } from "../testing/index.ts";
import { mjpeg } from "./mjpeg.ts";

for (const framing of ["browser", "length"]) {
  describeTransport(`mjpeg, framing=${framing}`, {
    transport: mjpeg,
    hub: { images: jpegTurbo() },
    join: (_, url) => mjpegClient(`${url}?framing=${framing}`),
    paths: [
      "",
      "/",
      "/nothing",
      "/%ff/../..",
      "/snapshot.jpg",
      "/audio.wav",
      "/audio.webm",
      "/state",
    ],
  });
}
