/** The lines of a UTF-8 byte stream, one at a time; a last line without its line feed was cut off and throws. */
export async function* lines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of bytes) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest + decoder.decode() !== "") throw new Error("the stream ended in the middle of a line");
}
