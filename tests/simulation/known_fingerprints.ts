// Seeds that are run each time, with the fingerprint that their replies and records must have on every runtime.
//
// A change of what the queue answers, or of the order in which it gives turns to connections, changes them, and so does
// a change of the simulation itself. When that is meant, print the new table with `main.ts --table`. Seeds that once
// showed a bug stay in the list.

export const KNOWN_FINGERPRINTS: readonly (readonly [seed: number, fingerprint: string])[] = [
  [1, "2c6b9d5a34acc8a4"],
  [2, "b8eb6fa86bbfaed3"],
  [3, "a5c55fa0f35ff761"],
  [4, "5ab7cc6c840f2270"],
  [5, "ed4442c5c263c9dc"],
  [7, "a4e943a98ccef164"],
  [8, "e352f04819a95325"],
  [11, "1a94ad9dc264e8d3"],
  [19, "c4ca3d7ceab65cc5"],
  [26, "5f42d4e7671e221c"],
  [93, "5b742c48dce01dc4"],
  [99, "b6aae0bbff76ba53"],
  [115, "bc0a2fc09d745153"],
  [159, "c9dfe923142be0f8"],
  [251, "92cf3ffd0ea1e5ce"],
  [2819, "52b244e571b714fd"],
  [11807, "cb36a7334f49ef41"],
  [12484, "bae6388b2f659757"],
  [100273, "a8eee083b3b9e67d"],
  [4249349281, "a3245a67047227ac"],
  [4266930813, "7cc95f85509e93e8"],
  [4294967295, "813722539cb43cfb"],
];
