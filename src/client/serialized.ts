// What JSON makes of a value, for the compiler.

/** Values that a property of an object is left out for. */
type LeftOut = undefined | ((...values: never[]) => unknown) | symbol;

/** Keys that JSON writes: texts and numbers whose values are not always left out. */
type KeptKeys<T> = {
  [Key in keyof T]-?: Key extends symbol ? never : [T[Key]] extends [LeftOut] ? never : Key;
}[keyof T];

/** Keys whose values may be left out, beside those that are optional by themselves. */
type MaybeKeys<T> = {
  [Key in KeptKeys<T>]: Extract<T[Key], LeftOut> extends never ? never : Key;
}[KeptKeys<T>];

type SerializedObject<T> =
  & { [Key in Exclude<KeptKeys<T>, MaybeKeys<T>>]: Serialized<T[Key]> }
  & { [Key in MaybeKeys<T>]?: Serialized<Exclude<T[Key], LeftOut>> };

/** One type instead of an intersection, as it is shown to a reader. */
type Flat<T> = { [Key in keyof T]: T[Key] };

/** An element of a list is never left out: what has no JSON form is null there. */
type SerializedElement<T> = T extends LeftOut ? null : Serialized<T>;

/**
 * The type of a value when it has gone through JSON: a `Date` is a string, a property that is `undefined` or a function is gone,
 * a `Map` is an empty object; `never` where there is no way through, as for a `bigint`. Not told by types, and so not known
 * here: `NaN` and `Infinity` become null.
 *
 * @example
 * ```ts
 * import type { Serialized } from "@runnerbean/runnerbean";
 *
 * const kept: Serialized<{ at: Date; tags: Set<string>; count?: number }> = { at: "2026-11-30T00:00:00.000Z", tags: {} };
 * console.log(kept.at.length); // 24
 * ```
 */
export type Serialized<T> = 0 extends 1 & T ? T // any
  : unknown extends T ? T
  : T extends string | number | boolean | null ? T
  : T extends { toJSON(...values: never[]): infer Json } ? Serialized<Json>
  : T extends bigint | LeftOut ? never
  : T extends
    ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | WeakKey & Promise<unknown> | RegExp | ArrayBuffer
    ? Record<string, never>
  : T extends ArrayBufferView ? { [index: string]: number }
  : T extends readonly unknown[] ? { [Index in keyof T]: SerializedElement<T[Index]> }
  : T extends object ? Flat<SerializedObject<T>>
  : never;
