/**
 * WebRTC: WHEP and WHIP, one encoding for many viewers, rate control by what each road carries.
 *
 * @packageDocumentation
 */
export {};
