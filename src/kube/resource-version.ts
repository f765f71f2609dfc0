/**
 * Since Kubernetes 1.35 the resourceVersions of one kind of object are officially comparable decimal integers (KEP-5504).
 * They may exceed 2^53, so they are compared as text. Anything else compares as equal: an unknown server is believed.
 */
export function compareResourceVersions(a: string, b: string): number {
  if (!isDecimal(a) || !isDecimal(b)) return 0;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isDecimal(version: string): boolean {
  return /^[1-9][0-9]*$/.test(version);
}
