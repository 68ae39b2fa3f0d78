// Seeds that are run each time, with the fingerprint that their replies and records must have on every runtime.
//
// A change of what the queue answers, or of the order in which it gives turns to connections, changes them, and so does
// a change of the simulation itself. When that is meant, print the new table with `main.ts --table`. Seeds that once
// showed a bug stay in the list.

export const KNOWN_FINGERPRINTS: readonly (readonly [seed: number, fingerprint: string])[] = [
  [1, "ff9d4c379f7374ff"],
  [2, "a1909db089e353c8"],
  [3, "8eef92cc90cd13a7"],
  [4, "b36940930648a470"],
  [5, "30a890fa7dbaed52"],
  [7, "b9bea81ba33326f9"],
  [8, "14fa195a5715e09f"],
  [11, "38d0fb5ff93cdac3"],
  [19, "e7870e54f254ec26"],
  [26, "d3cd7f69ce7c0b34"],
  [93, "d916c9485738e41f"],
  [99, "3ec1d250026bd80a"],
  [115, "9261aacd9c32f6df"],
  [159, "40c25afe2eb8b631"],
  [2819, "b7be7e3be8390b7c"],
  [11807, "080601d5431d491c"],
  [12484, "b621819de8a7a926"],
  [100273, "34aaa2091fef9ec1"],
  [4249349281, "82fbe937ccad20be"],
  [4294967295, "16bcff8bae517839"],
];
