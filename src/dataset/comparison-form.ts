/** Texts that a reader cannot tell apart are one text: composed characters (NFC), no white space around. */
export function comparisonForm(text: string): string {
  return text.normalize("NFC").trim();
}
