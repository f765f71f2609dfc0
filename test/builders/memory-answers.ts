import type { Access, Answer, Answers } from "../../src/controllers/preferencecanary/evidence/evidence.ts";
import type { Question } from "../../src/controllers/preferencecanary/evidence/questions.ts";

/** Other systems in memory: what each gate's has said of the run so far, in order. */
export function createMemoryAnswers(now: () => Date) {
  const given = new Map<string, Answer[]>();
  const access = new Map<string, Access>();
  let asked: readonly Question[] = [];

  return {
    /** What was to be asked last. */
    get asked() {
      return asked;
    },
    read(questions: readonly Question[]): Answers {
      asked = questions;
      return Object.fromEntries(
        questions.map(({ gate, cursor }) => {
          const how = access.get(gate) ?? ({ type: "Readable" } as const);
          const newer = (given.get(gate) ?? []).filter(({ sequence }) => sequence > (cursor?.sequence ?? 0));
          return [gate, { from: cursor, records: how.type === "Unreadable" ? [] : newer, access: how }];
        }),
      );
    },
    setAccess: (gate: string, to: Access) => void access.set(gate, to),
    say(gate: string, ...said: readonly Answer["said"][]) {
      const all = given.get(gate) ?? [];
      const at = now().toISOString();
      for (const each of said)
        all.push({ sequence: all.length + 1, id: at, at, ...(each !== undefined && { said: each }) });
      given.set(gate, all);
    },
    /** Samples of a metric; of stable's too where there are two. */
    sample(gate: string, ...values: readonly (number | readonly [number, number])[]) {
      for (const each of values) {
        const [value, stable] = typeof each === "number" ? [each] : each;
        this.say(gate, { type: "Metric", value, ...(stable !== undefined && { stable }) });
      }
    },
  };
}
