/** Stands in for `js-base64`, with which the client of uploads encodes names of files. */
export const Base64: { readonly encode: (text: string) => string } = {
  encode: (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text))),
};
