// Seeds that are run each time, with the fingerprint that their replies and records must have on every runtime.
//
// A change of what the queue answers, or of the order in which it gives turns to connections, changes them, and so does
// a change of the simulation itself. When that is meant, print the new table with `main.ts --table`. Seeds that once
// showed a bug stay in the list.

export const KNOWN_FINGERPRINTS: readonly (readonly [seed: number, fingerprint: string])[] = [
  [1, "ff9d4c379f7374ff"],
  [2, "a1909db089e353c8"],
  [3, "5df08450459a79b2"],
  [4, "1476dc4330cbea11"],
  [5, "62391f589de5752f"],
  [7, "f6b1c42577f9cfa1"],
  [8, "2b2beb65bf4baa33"],
  [11, "38d0fb5ff93cdac3"],
  [19, "e7870e54f254ec26"],
  [26, "d3cd7f69ce7c0b34"],
  [93, "a753b9b1cdd4d117"],
  [99, "857a1eaa63844126"],
  [115, "9261aacd9c32f6df"],
  [159, "a86442e67e4496e7"],
  [2819, "6a35e76a820d08f6"],
  [11807, "2d70aaf0ca53804f"],
  [12484, "89cfb9879f462228"],
  [100273, "90bd3e9bdb4632ea"],
  [4294967295, "8cc98daf6a61dfb5"],
];
