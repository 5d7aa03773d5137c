import { join } from "node:path";

/** Longest piece of a name in bytes; file systems allow 255, and a mark may follow. */
const PIECE_BYTES = 240;
/** What a folder's name ends with when its key goes on behind a slash, or in the middle of a name. */
const SLASH = "%";
const MORE = "%+";
/** The file of a key that ends with a slash. */
const EMPTY = "%+";

/** What a folder in the store stands for. */
export interface KeyPiece {
  /** What it adds to the key. */
  readonly text: string;
  /** Whether the key goes on in the middle of a name, so that its entries sort among their parent's. */
  readonly more: boolean;
}

/**
 * Where an object lies below its store: a readable path, such that no two keys meet, none leaves the folder, and
 * a key may begin with another key.
 *
 * Folders are marked (`a%/b.zip` is `a/b.zip`), because `a` may be an object too. Long names are cut into pieces.
 */
export function keyPath(key: string): string {
  const names = key.split("/").map(piecesOf);
  const path = names.flatMap((pieces, at) => {
    const last = at === names.length - 1;
    return pieces.map((piece, i) => {
      if (i < pieces.length - 1) return piece + MORE;
      return last ? piece || EMPTY : piece + SLASH;
    });
  });
  return join(...path);
}

/** What a folder in the store stands for; undefined for one that is of no key. */
export function folderPiece(name: string): KeyPiece | undefined {
  if (name.startsWith(".")) return undefined;
  if (name.endsWith(MORE)) return { text: decode(name.slice(0, -MORE.length)), more: true };
  if (!name.endsWith(SLASH)) return undefined;
  return { text: `${decode(name.slice(0, -SLASH.length))}/`, more: false };
}

/** What a file in the store stands for; undefined for one that is of no key. */
export function filePiece(name: string): string | undefined {
  if (name.startsWith(".")) return undefined;
  return name === EMPTY ? "" : decode(name);
}

/** A name, encoded and cut; at least one piece. */
function piecesOf(name: string): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const character of name) {
    const longer = piece + encode(character, piece === "");
    if (Buffer.byteLength(longer) <= PIECE_BYTES) piece = longer;
    else {
      pieces.push(piece);
      piece = encode(character, true);
    }
  }
  return [...pieces, piece];
}

/** Dots in front are for the store's own folders, and for the system's. */
function encode(character: string, first: boolean): string {
  if (
    !'%\\:*?"<>|\u007f'.includes(character) &&
    character >= " " &&
    !(first && character === ".")
  ) {
    return character;
  }
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function decode(name: string): string {
  return name.replace(/%([0-9A-F]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
