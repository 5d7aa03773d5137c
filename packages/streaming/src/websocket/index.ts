/**
 * Pictures, encoded video, sound and data over one WebSocket, acknowledged frame by frame.
 *
 * @packageDocumentation
 */
export {};
