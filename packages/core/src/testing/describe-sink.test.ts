import { discard } from "../flow/discard.ts";
import { optional } from "../flow/optional.ts";
import { tee } from "../flow/tee.ts";
import { describeSink } from "./describe-sink.ts";
import { type MemorySink, memorySink } from "./memory-sink.ts";

let sink: MemorySink<string>;
const items = ["a", "b", "c", "d"];

describeSink("describeSink: memorySink", {
  create: () => {
    sink = memorySink();
    return sink;
  },
  items,
  read: async () => sink.items,
});

describeSink("describeSink: memorySink that is durable", {
  create: () => {
    sink = memorySink({ durable: true });
    return sink;
  },
  items,
  read: async () => sink.items.length,
});

describeSink("describeSink: discard", { create: () => discard(), items });

describeSink("describeSink: tee", {
  create: () => {
    sink = memorySink({ durable: true });
    return tee(sink, discard());
  },
  items,
  read: async () => sink.items,
});

describeSink("describeSink: tee of three, the last of them optional", {
  create: () => {
    sink = memorySink({ durable: true });
    return tee(discard(), sink, optional(memorySink<string>()));
  },
  items,
  read: async () => sink.items,
});

describeSink("describeSink: tee of tees, all of them durable", {
  create: () => {
    sink = memorySink({ durable: true });
    const durable = (): MemorySink<string> => memorySink({ durable: true });
    return tee(tee(durable(), sink), durable(), tee(durable()));
  },
  items,
  read: async () => sink.items.length,
});
