// Seeds that are run each time, with the fingerprint that their replies and records must have on every runtime.
//
// A change of what the queue answers, or of the order in which it gives turns to connections, changes them, and so does
// a change of the simulation itself. When that is meant, print the new table with `main.ts --table`. Seeds that once
// showed a bug stay in the list.

export const KNOWN_FINGERPRINTS: readonly (readonly [seed: number, fingerprint: string])[] = [
  [1, "2252a160cbf4e64a"],
  [2, "0c92dde6931b62ad"],
  [3, "1b000e892c1becff"],
  [4, "ae2e7e6c7277fc8d"],
  [5, "da0f4f2a8518614e"],
  [7, "6e38b3c64403e7a3"],
  [8, "e352f04819a95325"],
  [11, "102862c23620fe46"],
  [19, "1b393219333aa476"],
  [26, "05c64b5b767ba97c"],
  [93, "4a3037861be05806"],
  [99, "414d53d199350a1b"],
  [115, "045a443452cbd43d"],
  [159, "24dd3fd248f7855b"],
  [251, "54e2d44b3a68078d"],
  [2819, "fa31b93feb3254df"],
  [11807, "a7aad8f76c6af07d"],
  [12484, "0396375f1b7984e7"],
  [100273, "be9d2e9f8196e373"],
  [4249349281, "44e3a5240603da38"],
  [4266930813, "dcf081578a1f92c9"],
  [4294967295, "5eefb6933fe36df0"],
];
