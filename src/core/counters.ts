// What has happened since the start, for stats. One field per line of the stats document that counts commands or events.

export class Counters {
  put = 0;
  peek = 0;
  peekReady = 0;
  peekDelayed = 0;
  peekBuried = 0;
  reserve = 0;
  reserveWithTimeout = 0;
  delete = 0;
  release = 0;
  use = 0;
  watch = 0;
  ignore = 0;
  bury = 0;
  kick = 0;
  touch = 0;
  stats = 0;
  statsJob = 0;
  statsTube = 0;
  listTubes = 0;
  listTubeUsed = 0;
  listTubesWatched = 0;
  pauseTube = 0;
  truncate = 0;
  deleteTube = 0;
  listJobs = 0;
  capabilities = 0;
  ping = 0;
  drain = 0;
  /** ttrs that ran out. */
  jobTimeouts = 0;
  totalJobs = 0;
  totalSessions = 0;
  // Refusals since the memory limit would be passed.
  putsWithoutMemory = 0;
  usesWithoutMemory = 0;
  watchesWithoutMemory = 0;
  requeuesWithoutMemory = 0;
  sessionsWithoutMemory = 0;
  // Gauges: what is the case now.
  ready = 0;
  reserved = 0;
  delayed = 0;
  buried = 0;
  urgent = 0;
  sessions = 0;
  producers = 0;
  workers = 0;
  waiting = 0;
}
