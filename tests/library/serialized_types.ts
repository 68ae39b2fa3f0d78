// What the compiler must say of json() and of Serialized: checked by `deno check`, which the task `check` runs on all tests.
import { type JobQueue, json, type Serialized } from "../../mod.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_same: Same<A, B>): void => {};

interface Point {
  x: number;
  y: number;
}

interface Money {
  readonly amount: number;
  toJSON(): string;
}

interface Tree {
  at: Date;
  children: Tree[];
}

same<Serialized<string>, string>(true);
same<Serialized<"a" | 5 | null>, "a" | 5 | null>(true);
same<Serialized<Date>, string>(true);
same<Serialized<Money>, string>(true);
same<Serialized<{ at: Date }>, { at: string }>(true);
same<Serialized<Point>, { x: number; y: number }>(true);
same<Serialized<Date[]>, string[]>(true);
same<Serialized<readonly [Date, number]>, readonly [string, number]>(true);
same<Serialized<(number | undefined)[]>, (number | null)[]>(true);
same<Serialized<{ a?: Date }>, { a?: string }>(true);
same<Serialized<{ a: Date | undefined }>, { a?: string }>(true);
same<Serialized<{ a: Date | null }>, { a: string | null }>(true);
same<Serialized<{ f(): void; s: symbol; u: undefined; n: number }>, { n: number }>(true);
same<Serialized<{ deep: { at: Date }[] }>, { deep: { at: string }[] }>(true);
same<Serialized<Record<string, Date>>, { [x: string]: string }>(true);
same<Serialized<Map<string, number>>, Record<string, never>>(true);
same<Serialized<Uint8Array>, { [index: string]: number }>(true);
same<Serialized<{ kind: "a"; at: Date } | { kind: "b" }>, { kind: "a"; at: string } | { kind: "b" }>(true);
same<Serialized<unknown>, unknown>(true);
// deno-lint-ignore no-explicit-any -- any stays any
same<Serialized<any>, any>(true);
same<Serialized<bigint>, never>(true);
same<Serialized<{ at: Date }>, { at: Date }>(false);

/** Never called: what is promised of a tube's jobs. */
export async function promised(queue: JobQueue): Promise<void> {
  const tube = queue.tube("t", json<{ at: Date; point: Point }>());
  await tube.put({ at: new Date(), point: { x: 1, y: 2 } });
  // @ts-expect-error: a text is not what this side gives
  await tube.put({ at: "2026-11-30", point: { x: 1, y: 2 } });
  const job = await tube.reserve();
  const at: string = job!.body.at;
  const { x }: Point = job!.body.point;
  // @ts-expect-error: it is a text by now
  const date: Date = job!.body.at;
  // @ts-expect-error: a text has no such method
  job!.body.at.getTime();
  const tree = await queue.tube("trees", json<Tree>()).reserve();
  const deep: string = tree!.body.children[0].children[0].at;
  console.log(at, x, date, deep);
}
