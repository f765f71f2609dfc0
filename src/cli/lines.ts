/** `number` counts from 1; `bytes` are without the line's end. */
export interface Line {
  readonly number: number;
  readonly bytes: Uint8Array;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/** The lines of a stream of bytes, as they come. */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 0;
  let begun: Uint8Array[] = [];
  const finish = (end: Uint8Array): Line => {
    const bytes = begun.length === 0 ? end : Buffer.concat([...begun, end]);
    begun = [];
    number += 1;
    return { number, bytes: trimmed(bytes, number === 1) };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed >= 0; feed = chunk.indexOf(LINE_FEED, start)) {
      yield finish(chunk.subarray(start, feed));
      start = feed + 1;
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
  }
  if (begun.length > 0) yield finish(new Uint8Array());
}

function trimmed(bytes: Uint8Array, isFirst: boolean): Uint8Array {
  const hasMark = isFirst && BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte);
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
  return bytes.subarray(hasMark ? BYTE_ORDER_MARK.length : 0, end);
}

/** The lines again, of which the first was read to see what they are. */
export async function* after(first: Line, rest: AsyncGenerator<Line>): AsyncGenerator<Line> {
  yield first;
  yield* rest;
}

/** Text of a line, or undefined when it is not UTF-8. */
export function decodeLine({ bytes }: Line): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
