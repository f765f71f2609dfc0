/** The fields of one CSV record (RFC 4180), or what is wrong with it. */
export function csvFields(record: string): string[] | { readonly fault: string } {
  const fields: string[] = [];
  for (let at = 0; ; ) {
    const isQuoted = record[at] === '"';
    const end = isQuoted ? closingQuote(record, at) + 1 : unquotedEnd(record, at);
    if (end === 0) return { fault: "a quote is opened and never closed" };
    const text = record.slice(at, end);
    if (!isQuoted && text.includes('"')) return { fault: "a quote stands inside a field that does not begin with one" };
    if (end < record.length && record[end] !== ",") return { fault: "text follows a closing quote" };
    fields.push(isQuoted ? text.slice(1, -1).replaceAll('""', '"') : text);
    if (end >= record.length) return fields;
    at = end + 1;
  }
}

function unquotedEnd(record: string, from: number): number {
  const comma = record.indexOf(",", from);
  return comma < 0 ? record.length : comma;
}

/** -1 when there is none. Two quotes are one quote of the text. */
function closingQuote(record: string, open: number): number {
  let quote = record.indexOf('"', open + 1);
  while (quote >= 0 && record[quote + 1] === '"') quote = record.indexOf('"', quote + 2);
  return quote;
}

/** Whether the text ends inside of a quoted field when it begins outside of one, or the other way round. */
export function changesQuoting(text: string): boolean {
  return (text.split('"').length - 1) % 2 === 1;
}
