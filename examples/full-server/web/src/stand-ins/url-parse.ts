/**
 * Stands in for `url-parse`, of which the client of uploads only resolves the address of a new upload.
 *
 * @param address - as the server told it
 * @param base - what was asked; within the page, where it is relative
 */
export default function UrlParse(address: string, base: string): URL {
  return new URL(address, new URL(base, location.href));
}
