/**
 * What a viewer says of packets one by one (transport-wide congestion control,
 * draft-holmer-rmcat-transport-wide-cc-extensions-01).
 */
export interface TransportFeedback {
  /** In rising order of the sequence numbers. */
  readonly packets: readonly PacketFeedback[];
}

/** Of one packet. */
export interface PacketFeedback {
  /** 16 bits. */
  readonly transportSequenceNumber: number;
  /** Microseconds of the viewer's clock, of which only differences mean something; null when it did not come. */
  readonly receivedAtUs: number | null;
}
