import type { AudioData, AudioDecoderConfig } from "@millrace/media";
import type { Subscription } from "rxjs";
import type { FrameHub } from "../hub/frame-hub.ts";
import { writeFrameMessage } from "../messages/frame-message.ts";
import type { SocketSound, SoundMessage } from "../messages/socket-messages.ts";

/**
 * Sends the sound of a hub to one viewer: what its decoder needs first, and again when it changes.
 *
 * @throws MillraceError as `FrameHub.sound`
 */
export function startSoundFeed(
  hub: FrameHub,
  codec: SocketSound,
  send: (message: string | Uint8Array) => void,
  failed: (error: unknown) => void,
): Subscription {
  let sequence = 0;
  let said = "";
  const say = (message: SoundMessage): void => {
    const text = JSON.stringify(message);
    if (text === said) return;
    said = text;
    send(text);
  };
  const put = (timestamp: number, capturedAtMs: number, data: Uint8Array): void =>
    send(
      writeFrameMessage(
        { kind: "sound", isKey: true, sequence: sequence++ >>> 0, timestamp, capturedAtMs },
        data,
      ),
    );
  if (codec === "opus") {
    const rendition = hub.sound("opus");
    return rendition.packets$.subscribe({
      next({ timestamp, capturedAtMs, data }) {
        if (rendition.decoderConfig) say(opusMessage(rendition.decoderConfig));
        put(timestamp, capturedAtMs, data);
      },
      error: failed,
    });
  }
  return hub.audio$.subscribe({
    next(sound) {
      const { sampleRate, numberOfChannels } = sound;
      say({ type: "sound", codec: "pcm", sampleRate, numberOfChannels });
      put(sound.timestamp, performance.timeOrigin + performance.now(), toLittleEndian(sound));
    },
    error: failed,
  });
}

function opusMessage({
  sampleRate,
  numberOfChannels,
  description,
}: AudioDecoderConfig): SoundMessage {
  return {
    type: "sound",
    codec: "opus",
    sampleRate,
    numberOfChannels,
    description: Buffer.from(description).toString("base64"),
  };
}

function toLittleEndian({ format, data }: AudioData): Uint8Array {
  const bytes = new Uint8Array(data.length * 2);
  const view = new DataView(bytes.buffer);
  for (const [at, sample] of data.entries()) {
    const whole =
      format === "s16" ? sample : Math.round(Math.min(1, Math.max(-1, sample)) * 32_767);
    view.setInt16(at * 2, whole, true);
  }
  return bytes;
}
