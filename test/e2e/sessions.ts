import type { Answer } from "./load.ts";

/** A client that sends back the cookie that it was given. */
export interface Session {
  readonly id: number;
  headers(): Readonly<Record<string, string>>;
  hear(setCookie: string | readonly string[] | undefined): void;
}

const AT_ONCE = 10;
/** Short beside a run, so that some begin at every weight; after so long each of them has begun anew. */
export const SESSION_MS = 5_000;

/** Sessions that ask by turns; one that has lasted long enough is followed by a new one. */
export function createSessions(): () => Session {
  const sessions: { readonly session: Session; readonly until: number }[] = [];
  let turns = 0;
  let begun = 0;
  return () => {
    const place = turns++ % AT_ONCE;
    const standing = sessions[place];
    if (standing !== undefined && standing.until > Date.now()) return standing.session;
    const session = createSession(begun++);
    // The first ones end one after the other, and so do all that follow them.
    const lasts = standing === undefined ? (SESSION_MS * (place + 1)) / AT_ONCE : SESSION_MS;
    sessions[place] = { session, until: Date.now() + lasts };
    return session;
  };
}

function createSession(id: number): Session {
  let cookie: string | undefined;
  return {
    id,
    headers: () => (cookie === undefined ? {} : { cookie: `theme=dark; ${cookie}` }),
    hear(setCookie) {
      const [line] = [setCookie ?? []].flat();
      cookie = line?.split(";")[0] ?? cookie;
    },
  };
}

/** Each time that a session was answered by another arm than before: "from → to". */
export function changesOfArm(answers: readonly Answer[]): string[] {
  const inOrder = answers.toSorted((one, other) => one.startedAt - other.startedAt);
  const sessions = Map.groupBy(inOrder, ({ session }) => session);
  sessions.delete(undefined);
  return [...sessions.values()].flatMap((heard) =>
    heard.flatMap(({ arm }, i) => {
      const before = heard[i - 1]?.arm ?? arm;
      return before === arm ? [] : [`${before} → ${arm}`];
    }),
  );
}
