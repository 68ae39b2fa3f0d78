// Room for a requeue: it is recorded as a put, so there must be room for one. Asked before Engine.requeue is called.

import { NO_BODY } from "../core/bodies.ts";
import type { Engine } from "../core/engine.ts";
import type { Session } from "../core/session.ts";
import type { Journal } from "../ports/journal.ts";

/**
 * Whether the record of a requeue fits; else it must be answered OUT_OF_MEMORY, and what was received of a new body be
 * abandoned. `tube` as for the requeue: null for the job's own. A job that is not there needs no room.
 */
export function hasRoomToRequeue(
  { engine, journal }: { readonly engine: Engine; readonly journal: Journal },
  session: Session,
  id: number,
  tube: Uint8Array | null,
  now: number,
): boolean {
  const row = engine.jobs.find(id);
  if (row === 0) return true;
  const name = tube ?? engine.inside.tubeOf(row).name;
  const bodyBytes = session.draftBody === NO_BODY ? engine.jobs.bodyBytes.get(row) : session.draftBytes;
  return journal.hasRoomFor(name.length, bodyBytes, now);
}
