/** A small model may emit what no store keeps as it is (U+0000, half a surrogate pair): that reads U+FFFD from here on. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
