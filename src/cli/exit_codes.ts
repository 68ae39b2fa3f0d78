// The exit codes of the command line: the reference's numbers, so that service files and scripts keep their meaning.

/** Stopped as asked: SIGTERM, SIGINT, drained with `--drain-exit`, `-h` or `-v`. */
export const EXIT_OK = 0;
/** The binlog or KV cannot be created or replayed, or a bug was met and the server stopped rather than go on. */
export const EXIT_FAILURE = 1;
/** The command line or a RUNNERBEAN_* variable cannot be understood; the usage follows on stderr. */
export const EXIT_USAGE = 5;
/** The binlog's lock or the KV's lease is held by another process, or the folder or KV cannot be opened. */
export const EXIT_LOCK = 10;
/** The user database cannot be read, so `-u` cannot be carried out. */
export const EXIT_USER_LOOKUP = 32;
/** There is no user of the name given with `-u`. */
export const EXIT_UNKNOWN_USER = 33;
/** The change to the user given with `-u` was refused: group, supplementary groups or user id. */
export const EXIT_USER_CHANGE = 34;
/** The machine could not tell what the statistics need: random bytes for the server's id, or its name. */
export const EXIT_MACHINE = 50;
/** The binlog or KV could not be written while the server ran: it stopped, with the replies that waited unsent. */
export const EXIT_BINLOG = 74;
/** `health` only: the server answers, but within the last minute it refused work for lack of something, such as disk or memory. */
export const EXIT_REFUSING = 75;
/** The runtime does not permit what the program needs: a permission of Deno, or of Node's `--permission`, was not given. */
export const EXIT_PERMISSION = 77;
/** No socket to listen on: address in use or not allowed, or an inherited descriptor that is no stream socket. */
export const EXIT_SOCKET = 111;
