// Seeds that are run each time, with the fingerprint that their replies and records must have on every runtime.
//
// A change of what the queue answers, or of the order in which it gives turns to connections, changes them, and so does
// a change of the simulation itself. When that is meant, print the new table with `main.ts --table`. Seeds that once
// showed a bug stay in the list.

export const KNOWN_FINGERPRINTS: readonly (readonly [seed: number, fingerprint: string])[] = [
  [1, "2252a160cbf4e64a"],
  [2, "0c92dde6931b62ad"],
  [3, "d467889f06f5f664"],
  [4, "760316686090939d"],
  [5, "08cd3b2abf2186ea"],
  [7, "7d79394328afb47b"],
  [8, "aff2ab7b20689014"],
  [11, "102862c23620fe46"],
  [19, "1b393219333aa476"],
  [26, "05c64b5b767ba97c"],
  [91, "1b3c4db5900dbf1f"],
  [93, "9c0e062effd37aea"],
  [99, "d860302de483b09f"],
  [115, "045a443452cbd43d"],
  [159, "24dd3fd248f7855b"],
  [251, "f798ada7f04a80c6"],
  [2819, "977450a27189de45"],
  [11807, "bea8bb60aca7faa9"],
  [12484, "c6e8c0467d8f4911"],
  [100273, "6ee469d07a4242f3"],
  [900006023, "ca5c08cb44a8e90b"],
  [900006897, "dd892223eef9fbd8"],
  [900016135, "66d7c2876d662366"],
  [1100000890, "6937586793beebbf"],
  [1400001765, "bd61770c4bd503aa"],
  [4249349281, "a03581ab5088244e"],
  [4266930813, "dcf081578a1f92c9"],
  [4294967295, "d9c6bb2bf9c64a89"],
];
