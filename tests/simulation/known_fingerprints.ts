// Seeds that are run each time, with the fingerprint that their replies and records must have on every runtime.
//
// A change of what the queue answers, or of the order in which it gives turns to connections, changes them, and so does
// a change of the simulation itself. When that is meant, print the new table with `main.ts --table`. Seeds that once
// showed a bug stay in the list.

export const KNOWN_FINGERPRINTS: readonly (readonly [seed: number, fingerprint: string])[] = [
  [1, "2c6b9d5a34acc8a4"],
  [2, "b8eb6fa86bbfaed3"],
  [3, "a31d55e8cd2c9566"],
  [4, "00e03396ff972e7d"],
  [5, "23bcca6b88a65197"],
  [7, "9e44470dd3dc0f67"],
  [8, "e16bdc1df9404b7c"],
  [11, "1a94ad9dc264e8d3"],
  [19, "c4ca3d7ceab65cc5"],
  [26, "5f42d4e7671e221c"],
  [93, "59fdac9bcf797d46"],
  [99, "2ad1fbff99e0d0f6"],
  [115, "bc0a2fc09d745153"],
  [159, "c9dfe923142be0f8"],
  [251, "92cf3ffd0ea1e5ce"],
  [2819, "ad07c64b6a1e605b"],
  [11807, "e5b7b368ff5f763a"],
  [12484, "2e0d4252019d0c91"],
  [100273, "5d46ff143b5a841e"],
  [900006023, "4b89ab98eab9c58e"],
  [900006897, "6879ec776febab94"],
  [900016135, "b2dafc0157b9da83"],
  [1100000890, "22734180d1297f43"],
  [4249349281, "2ecfcb448d7be6df"],
  [4266930813, "7cc95f85509e93e8"],
  [4294967295, "aa90b6a734d4dea0"],
];
