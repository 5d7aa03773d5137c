/**
 * Plays what the transports send, in a page: needs no framework and no module of Node.
 *
 * @packageDocumentation
 */
export {};
