import type { Element } from "./elements.ts";

/**
 * A piece of an array that is not JSON, cut again at the lines that begin an object: an element that lacks a bracket or
 * a quote swallows those that follow it, and they are good. Of such lines the least indented ones are elements, the
 * others lie inside of them.
 */
export function resplit({ line, bytes }: Element): Element[] {
  // One character a byte, so that places in the text are places in the bytes.
  const text = Buffer.from(bytes).toString("latin1");
  const openings = [...text.matchAll(/^[ \t]*(?=\{)/gm)].filter(({ index }) => index > 0);
  const indentation = Math.min(...openings.map(([blank]) => blank.length));
  const starts = [0, ...openings.filter(([blank]) => blank.length === indentation).map(({ index }) => index)];
  return starts.map((start, part) => {
    const piece = text.slice(start, starts[part + 1]);
    const length = piece.replace(/[\s,\]]+$/, "").length;
    return { line: line + lineFeeds(text.slice(0, start)), bytes: bytes.subarray(start, start + length) };
  });
}

function lineFeeds(text: string): number {
  return text.split("\n").length - 1;
}
