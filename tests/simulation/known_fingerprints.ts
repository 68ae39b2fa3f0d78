// Seeds that are run each time, with the fingerprint that their replies and records must have on every runtime.
//
// A change of what the queue answers, or of the order in which it gives turns to connections, changes them, and so does
// a change of the simulation itself. When that is meant, print the new table with `main.ts --table`. Seeds that once
// showed a bug stay in the list.

export const KNOWN_FINGERPRINTS: readonly (readonly [seed: number, fingerprint: string])[] = [
  [1, "ff9d4c379f7374ff"],
  [2, "00c80c1ebd142b3c"],
  [3, "49351f600ec6bbf5"],
  [4, "b36940930648a470"],
  [5, "50cd9ff74d1b7bc3"],
  [7, "b9bea81ba33326f9"],
  [8, "80a42ce2559c1aae"],
  [11, "1d9d5ba857dd37dd"],
  [19, "e7870e54f254ec26"],
  [26, "d3cd7f69ce7c0b34"],
  [93, "ce3b30c3d7d7b86c"],
  [99, "3fad93fc1d069a06"],
  [115, "9261aacd9c32f6df"],
  [159, "e8132392a0f0aa98"],
  [2819, "b7be7e3be8390b7c"],
  [11807, "f460358731e7ebbc"],
  [12484, "05e96edbba776f27"],
  [100273, "1794e6db72acecea"],
  [4249349281, "ab8d9d3cca0d6541"],
  [4294967295, "58f312032df012e4"],
];
