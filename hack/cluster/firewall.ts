/** What dockerd (and we) put into the machine's firewall, and how it is taken out again. Pure: text of iptables-save in, text for iptables-restore out. */

/**
 * Before kube-proxy has written its rules, a call to a Service address would leave the machine by the default route.
 * DOCKER-USER is the chain that dockerd leaves to its users and goes through first.
 */
export function dropRule(serviceSubnet: string): string[] {
  return ["DOCKER-USER", "-d", serviceSubnet, "-j", "DROP"];
}

/** Input for `iptables-restore --noflush` that takes out, of what came since `before`, everything that is Docker's. */
export function removal(before: string, now: string): string {
  const earlier = new Set(before.split("\n").map(withoutCounters));
  const lines: string[] = [];
  for (const table of tablesOf(now)) {
    const chains = table.chains.filter((chain) => chain.startsWith("DOCKER") && !earlier.has(`:${chain} -`));
    const rules = table.rules.filter(
      (rule) => !earlier.has(rule) && isDockers(rule) && !chains.includes(chainOf(rule)),
    );
    const policy = policyBefore(before, table.name, "FORWARD");
    if (chains.length + rules.length === 0 && policy === undefined) continue;
    lines.push(
      `*${table.name}`,
      ...(policy === undefined ? [] : [`:FORWARD ${policy} [0:0]`]),
      ...rules.map((rule) => rule.replace(/^-A/, "-D")),
      ...chains.map((chain) => `-F ${chain}`),
      ...chains.map((chain) => `-X ${chain}`),
      "COMMIT",
    );
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

interface Table {
  readonly name: string;
  readonly chains: string[];
  readonly rules: string[];
}

function tablesOf(saved: string): Table[] {
  const tables: Table[] = [];
  for (const line of saved.split("\n")) {
    if (line.startsWith("*")) tables.push({ name: line.slice(1), chains: [], rules: [] });
    const table = tables.at(-1);
    if (line.startsWith(":")) table?.chains.push(line.slice(1).split(" ")[0] ?? "");
    if (line.startsWith("-A")) table?.rules.push(line);
  }
  return tables;
}

/** dockerd sets the policy of FORWARD to DROP; only the filter table's matters, and an empty firewall accepts. */
function policyBefore(before: string, table: string, chain: string): string | undefined {
  if (table !== "filter") return undefined;
  const filter = before.split("*filter")[1] ?? "";
  return new RegExp(`^:${chain} (\\w+)`, "m").exec(filter)?.[1] ?? "ACCEPT";
}

function isDockers(rule: string): boolean {
  return /\b(DOCKER|docker0|br-[0-9a-f]{12})\b/.test(rule);
}

function chainOf(rule: string): string {
  return rule.split(" ")[1] ?? "";
}

function withoutCounters(line: string): string {
  return line.replace(/ \[\d+:\d+\]$/, "");
}
