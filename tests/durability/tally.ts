/** What a campaign has done, for its report. */
export interface Tally {
  commands: number;
  puts: number;
  deletes: number;
  /** Puts that were answered OUT_OF_MEMORY. */
  refused: number;
  /** Other commands that were carried out while the last put anywhere had been refused. */
  doneWhileFull: number;
  /** Puts that were accepted again after one had been refused, without a restart between. */
  roomAgain: number;
  /** Commands without an answer when the server was killed, and how many of them had been carried out. */
  unanswered: number;
  survived: number;
  /** Of the stops: SIGTERM, and kills of a server that was reading the log. */
  terms: number;
  recoveryKills: number;
  /** Over HTTP: requests with an answer, those without and how many of them had been carried out, and refusals with 409. */
  httpAnswers: number;
  httpUnanswered: number;
  httpSurvived: number;
  httpConflicts: number;
}

/** Shared by all connections of one server. */
export interface Situation {
  readonly tally: Tally;
  /** The last put was refused. */
  isFull: boolean;
}

export function newTally(): Tally {
  return {
    commands: 0,
    puts: 0,
    deletes: 0,
    refused: 0,
    doneWhileFull: 0,
    roomAgain: 0,
    unanswered: 0,
    survived: 0,
    terms: 0,
    recoveryKills: 0,
    httpAnswers: 0,
    httpUnanswered: 0,
    httpSurvived: 0,
    httpConflicts: 0,
  };
}

/** A put was answered. */
export function countPut(situation: Situation, accepted: boolean): void {
  const { tally } = situation;
  if (!accepted) tally.refused++;
  else {
    tally.puts++;
    if (situation.isFull) tally.roomAgain++;
  }
  situation.isFull = !accepted;
}
