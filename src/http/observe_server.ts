// Observes a server for as long as its HTTP port is open: what that adds to the app.

import { type Observing, startObserving } from "../observe/observing.ts";
import { memoryUse } from "../runtime/machine.ts";
import type { Server } from "../server/server.ts";
import type { TubeTrends } from "./local/shown.ts";
import type { Route } from "./route.ts";
import { observedRoutes } from "./routes/observed.ts";

export interface ObservedServer {
  readonly observing: Observing;
  readonly trends: TubeTrends;
  readonly routes: readonly Route[];
}

/** `metricsTubes`: which tubes a scrape tells of by name. `rest` gives others their turn. */
export function observeServer(
  server: Server,
  runtime: string,
  metricsTubes: string,
  rest: () => Promise<void>,
): ObservedServer {
  // The jobs' own clock: another one would differ from it by every step of the machine's in between.
  const now = (): number => server.time;
  const observing = startObserving(server, now, { metricsTubes });
  const { observation, live } = observing;
  return {
    observing,
    trends: {
      rates: (tube) => observation.rates(tube),
      oldestReadySince: (tube) => observation.oldestReadySince(tube),
    },
    routes: observedRoutes({ server, observation, live, runtime, memory: memoryUse, now }, rest),
  };
}
