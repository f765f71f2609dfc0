/** A piece of the input that should be one JSON value; `line` is where it begins, from 1. */
export interface Element {
  line: number;
  bytes: Uint8Array;
}

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);
const ARRAY_OPEN = 0x5b;
const BLANK = new Set([0x20, 0x09, LINE_FEED, 0x0d]);

/**
 * The elements of a JSON array, or else the lines that are not blank. It looks at bytes: JSON's own marks are ASCII and
 * occur in no other UTF-8 character, so that text which is not UTF-8 spoils its own element only.
 */
export function* elements(content: Uint8Array): Generator<Element> {
  const first = content.findIndex((byte) => !BLANK.has(byte));
  if (content[first] === ARRAY_OPEN) yield* arrayElements(content, first);
  else yield* lineElements(content);
}

function* lineElements(content: Uint8Array): Generator<Element> {
  let line = 1;
  for (let start = 0; start < content.length; line += 1) {
    const feed = content.indexOf(LINE_FEED, start);
    const end = feed === -1 ? content.length : feed;
    const bytes = content.subarray(start, end);
    if (!bytes.every((byte) => BLANK.has(byte))) yield { line, bytes };
    start = end + 1;
  }
}

/** At the top a closing bracket too many only separates, so that what follows a broken element is still found. */
function* arrayElements(content: Uint8Array, open: number): Generator<Element> {
  let line = 1 + content.subarray(0, open).filter((byte) => byte === LINE_FEED).length;
  let depth = 0;
  let start = -1;
  let startLine = line;
  let text = false;
  for (let at = open + 1; at < content.length; at += 1) {
    const byte = content[at] ?? 0;
    if (byte === LINE_FEED) {
      line += 1;
      // JSON text does not run over lines: a quote that is missing ends here, and not with the file.
      text = false;
    }
    if (BLANK.has(byte)) continue;
    if (depth === 0 && !text && (byte === COMMA || CLOSE.has(byte))) {
      if (start !== -1) yield { line: startLine, bytes: content.subarray(start, at) };
      start = -1;
      continue;
    }
    if (start === -1) {
      start = at;
      startLine = line;
    }
    if (text && byte === BACKSLASH && content[at + 1] !== LINE_FEED) at += 1;
    else if (byte === QUOTE) text = !text;
    else if (!text) depth += Number(OPEN.has(byte)) - Number(CLOSE.has(byte));
  }
  if (start !== -1) yield { line: startLine, bytes: content.subarray(start) };
}
