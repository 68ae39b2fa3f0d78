// Seeds that are run each time, with the fingerprint that their replies and records must have on every runtime.
//
// A change of what the queue answers, or of the order in which it gives turns to connections, changes them, and so does
// a change of the simulation itself. When that is meant, print the new table with `main.ts --table`. Seeds that once
// showed a bug stay in the list.

export const KNOWN_FINGERPRINTS: readonly (readonly [seed: number, fingerprint: string])[] = [
  [1, "2252a160cbf4e64a"],
  [2, "0c92dde6931b62ad"],
  [3, "4a720a6fc41e076f"],
  [4, "193f65f5751037ce"],
  [5, "0fe988d9f07bb6f2"],
  [7, "1e954fb068882549"],
  [8, "aff2ab7b20689014"],
  [11, "731b86a3c421205c"],
  [19, "1b393219333aa476"],
  [26, "2435073ce5911610"],
  [91, "1b3c4db5900dbf1f"],
  [93, "cc04948943e52ce0"],
  [99, "5155b4eb65f85a78"],
  [115, "1851263a52c704e6"],
  [159, "e77ca3311770397c"],
  [251, "ad096ee1a103ddaf"],
  [2819, "4c43f71fdf610720"],
  [11807, "bea8bb60aca7faa9"],
  [12484, "c6e8c0467d8f4911"],
  [100273, "6313ae7b9ff06141"],
  [900006023, "4fdc0c37eab36a34"],
  [900006897, "6f5a14aba449ab9f"],
  [900016135, "bc1ec08cb5210024"],
  [1100000890, "7994de4a0dc2f59b"],
  [1400001765, "eccc46a6c6699df2"],
  [4249349281, "a03581ab5088244e"],
  [4266930813, "4995be3817b210b6"],
  [4294967295, "d9c6bb2bf9c64a89"],
];
