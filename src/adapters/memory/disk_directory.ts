// The directory of a disk in memory: which name leads to which file, as processes see it and as the disk has it. A power
// cut keeps a prefix of what was changed since the last sync: changes of a directory arrive in their order.

import type { Chance, DiskFile } from "./disk_file.ts";

/** A name leads to a file from now on, or to none; another name may be given up for it. */
interface NameChange {
  readonly name: string;
  readonly file: DiskFile | null;
  readonly formerName: string | null;
}

export class DiskDirectory {
  private names = new Map<string, DiskFile>();
  private durable = new Map<string, DiskFile>();
  private changes: NameChange[] = [];

  find(name: string): DiskFile | undefined {
    return this.names.get(name);
  }

  entries(): IterableIterator<[string, DiskFile]> {
    return this.names.entries();
  }

  /** Gives a file a name in the place of whatever had it; answers what that was. */
  put(name: string, file: DiskFile, formerName: string | null = null): DiskFile | undefined {
    const replaced = this.names.get(name);
    this.change({ name, file, formerName });
    file.isNamed = true;
    if (replaced === file) return undefined;
    if (replaced !== undefined) replaced.isNamed = false;
    return replaced;
  }

  remove(name: string, file: DiskFile): void {
    this.change({ name, file: null, formerName: null });
    file.isNamed = false;
  }

  sync(): void {
    this.durable = new Map(this.names);
    this.changes = [];
  }

  powerCut(chance: Chance): void {
    const { changes } = this;
    const luck = chance();
    let kept = luck < 0.3 ? 0 : changes.length;
    if (luck > 0.6) kept = Math.floor(chance() * (changes.length + 1));
    for (const change of changes.slice(0, kept)) applyTo(this.durable, change);
    this.names = new Map(this.durable);
    this.changes = [];
    for (const file of this.names.values()) file.isNamed = true;
  }

  private change(change: NameChange): void {
    applyTo(this.names, change);
    this.changes.push(change);
  }
}

function applyTo(names: Map<string, DiskFile>, { name, file, formerName }: NameChange): void {
  if (formerName !== null) names.delete(formerName);
  if (file === null) names.delete(name);
  else names.set(name, file);
}
