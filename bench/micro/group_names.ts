// What the micro benches are about, by the names their command line takes.

export const GROUP_NAMES: readonly string[] = ["control", "engine", "tables", "slabs", "parser", "journal"];
