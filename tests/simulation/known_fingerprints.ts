// Seeds that are run each time, with the fingerprint that their replies and records must have on every runtime.
//
// A change of what the queue answers, or of the order in which it gives turns to connections, changes them, and so does
// a change of the simulation itself. When that is meant, print the new table with `main.ts --table`. Seeds that once
// showed a bug stay in the list.

export const KNOWN_FINGERPRINTS: readonly (readonly [seed: number, fingerprint: string])[] = [
  [1, "2c6b9d5a34acc8a4"],
  [2, "b8eb6fa86bbfaed3"],
  [3, "3df5aee5dab98ff3"],
  [4, "10fe19b196e3050c"],
  [5, "cbd8fed07b92b13a"],
  [7, "c87e4f20aa484d8e"],
  [8, "f4f9936c886ae59e"],
  [11, "1a94ad9dc264e8d3"],
  [19, "c4ca3d7ceab65cc5"],
  [26, "5f42d4e7671e221c"],
  [91, "7a7f4e4b2a17c408"],
  [93, "15f1336319c71f3d"],
  [99, "2c911bb39efe6342"],
  [115, "bc0a2fc09d745153"],
  [159, "c9dfe923142be0f8"],
  [251, "67a74e3dfe637b5c"],
  [2819, "3a7216961d6ee597"],
  [11807, "115151a7520f6602"],
  [12484, "876b34911162db9b"],
  [100273, "9aa046c1bdfd039c"],
  [4249349281, "84431d783639f603"],
  [4266930813, "7cc95f85509e93e8"],
  [4294967295, "42cd066f489f37bd"],
];
