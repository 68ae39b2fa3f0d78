// What JSON makes of a value, for the compiler.

/** Values that JSON leaves out: a property that has one is gone, an element of a list is null. */
export type NotSerialized = undefined | ((...values: never[]) => unknown) | symbol;

/** Keys of an object that JSON writes: names whose values are not always left out. */
export type SerializedKeys<T> = {
  [Key in keyof T]-?: Key extends symbol ? never : [T[Key]] extends [NotSerialized] ? never : Key;
}[keyof T];

/** Those of the {@link SerializedKeys} whose values may be left out. */
export type MaybeSerializedKeys<T> = {
  [Key in SerializedKeys<T>]: Extract<T[Key], NotSerialized> extends never ? never : Key;
}[SerializedKeys<T>];

/** What JSON makes of an object without a `toJSON`. */
export type SerializedObject<T> =
  & { [Key in Exclude<SerializedKeys<T>, MaybeSerializedKeys<T>>]: Serialized<T[Key]> }
  & { [Key in MaybeSerializedKeys<T>]?: Serialized<Exclude<T[Key], NotSerialized>> };

/** What JSON makes of an element of a list, which is never left out: what has no JSON form is null there. */
export type SerializedElement<T> = T extends NotSerialized ? null : Serialized<T>;

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
  : T extends bigint | NotSerialized ? never
  : T extends
    ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | WeakKey & Promise<unknown> | RegExp | ArrayBuffer
    ? Record<string, never>
  : T extends ArrayBufferView ? { [index: string]: number }
  : T extends readonly unknown[] ? { [Index in keyof T]: SerializedElement<T[Index]> }
  : T extends object ? { [Key in keyof SerializedObject<T>]: SerializedObject<T>[Key] }
  : never;
