// How much observation keeps. It must stay small beside the queue, whatever the number of tubes.

/** Tubes with counts and rates of their own; what happens in others is only counted in the total. About 0.5 KB each. */
export const MOST_TUBES = 16_384;
/** Tubes with histograms and history for charts: those where something happened last. About 45 KB each. */
export const MOST_CHARTED = 256;
/** A charted tube gives its place to a busier one only after this long without an event. */
export const CHART_IDLE_MS = 600_000;
/** The counts of a tube that is gone are kept this long for the next one of its name. */
export const GONE_TUBE_MS = 3_600_000;
/** Tubes in one scrape; the others are added up in one more. */
export const MOST_METRICS_TUBES = 200;

/** Ready jobs of a tube that are looked at for the oldest one in one go. */
export const OLDEST_LOOKS = 64;
/** Rows of the job table that a sweep for the oldest jobs looks at in one go, and how long it rests in between. */
export const SWEEP_ROWS = 8192;
export const SWEEP_REST_MS = 50;

/** Jobs that are held and were touched: of so many the time before the touch is remembered. */
export const MOST_TOUCHED = 65_536;

/** How often rates are reckoned, and over about how long they are averaged. */
export const BEAT_MS = 1000;
export const RATE_WINDOW_MS = 5000;

/** Clients of live events at once. */
export const MOST_SUBSCRIBERS = 64;
/** Tubes told of in one message; what is left follows a second later. */
export const MOST_TUBES_TOLD = 250;
/** Transitions of jobs that one client is told of per flush; more are dropped, and counted. */
export const MOST_JOBS_TOLD = 500;
/** How often transitions are flushed. */
export const FLUSH_MS = 100;
/** Without anything else to say, a client hears a heartbeat after this long. */
export const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for this long is closed. */
export const STALL_MS = 30_000;
/** Bytes that may wait for a client; while there are as many, nothing is added. */
export const UNSENT_BYTES = 65_536;
