// The text that -h and every usage error print on stderr.

export const USAGE: string = `Use: runnerbean [OPTIONS]
     runnerbean check DIR          say how the binlog in this folder is, and what it holds; reads only
     runnerbean salvage DIR OUT    save what verifies of a damaged binlog to a new folder
     runnerbean import FROM TO     bring the jobs of beanstalkd's binlog into a new folder
     runnerbean dump DIR           print all jobs of a binlog as lines of JSON
     runnerbean load DIR [FILE]    make a binlog of such lines, from a file or stdin, in a new folder
     runnerbean health [ADDRESS]   whether a server answers at HOST:PORT or unix:PATH (default 127.0.0.1:11300); exits
                                   75 when it refuses work for lack of disk, memory, ... [--alive: 0 then too]

     runnerbean top [PATTERN]                the tubes of a server, live [--interval S] [--count N] [--sort COLUMN]
     runnerbean tubes [PATTERN]              its tubes ("*" in a pattern stands for anything)
     runnerbean jobs TUBE [STATE]            jobs in the order in which they come next [--limit N] [--cursor C]
     runnerbean peek ID...                   jobs and their bodies; or --tube TUBE [--state ready|delayed|buried]
     runnerbean put TUBE [BODY]              a job, from the line or stdin [--priority N] [--delay S] [--ttr S];
                                             --lines: one for each line of stdin
     runnerbean reserve TUBE...              print a job and give it back [--then delete|bury] [--timeout S] [--count N]
     runnerbean kick TUBE [COUNT]            buried jobs, or delayed ones, become ready; or --id ID
     runnerbean pause TUBE SECONDS           hold its jobs back; 0 ends that
     runnerbean delete ID...                 jobs that nobody holds
     runnerbean truncate TUBE [STATE...]     all jobs of a tube that nobody holds [--yes]
     runnerbean console                      the console of a server, on its own port [--http ADDR:PORT]; --auth, --tls-cert,
                                             --tls-key, --http-name, --cors and --audit are for that port
     These take --server HOST:PORT or unix:PATH (RUNNERBEAN_SERVER; default is 127.0.0.1:11300), --json for lines of
     JSON, --token-file FILE (RUNNERBEAN_TOKEN), --tls, --tls-ca FILE. They work with beanstalkd too, but for truncate
     and most of jobs.

Options:
 -l, --listen ADDR          listen on this address or host name, or on the unix socket unix:PATH; may be given several
                            times (default is 127.0.0.1; 0.0.0.0, :: or * opens it to the network)
 -p, --port PORT            listen on this port number or service name (default is 11300; 0 picks a free one)
 -b, --binlog DIR           keep a binlog in this folder (default is to keep the queue in memory only)
     --kv PATH|URL          keep the jobs in a Deno KV instead: a file, or a database by its URL
 -f MS                      sync the binlog every MS milliseconds (0, the default: before replies leave)
 -F                         leave syncing the binlog to the system
     --sync always|never|MS the same as -f0, -F and -f MS
 -s, --segment-bytes BYTES  size of each binlog file (default is 10485760)
 -z, --max-job-bytes BYTES  largest job body (default is 65535, at most 1073741824)
 -u, --user USER            become this user and its groups once the socket is bound
     --max-connections N    open connections at once (default is what the limit of open files allows)
     --max-memory BYTES     refuse puts, tubes, watches and connections beyond this; k, m, g are binary
     --http ADDR:PORT       serve the HTTP API there (default is not to; without an address 127.0.0.1)
     --http-name NAME,...   names of this server for browsers, where there is no --auth
     --cors ORIGIN,...      pages of these origins may use the HTTP API, with a token
     --audit FILE           write destructive acts over HTTP to this file, a JSON document a line
     --metrics-tubes GLOB   tubes that /metrics tells of by name, 200 at most; * and ? stand for others (default is *)
     --drain-exit           after SIGUSR1, leave as soon as there is no job left
     --strict               know beanstalkd's commands only: our own are UNKNOWN_COMMAND, and stats has its keys only
     --io native|epoll      who reads and writes sockets: the runtime, or (Linux) epoll called directly,
                            which is faster with few commands in flight per connection (default is native)
     --auth FILE            who may do what, by token (docs/SECURITY.md); read again at SIGHUP
     --listen-as NAME=ADDR  listen there too, and whoever connects is NAME of that file: HOST:PORT, or
                            unix:PATH[,mode=0660]; may be given several times
     --tls-cert FILE        speak TLS on TCP, with this certificate and its chain (PEM; again at SIGHUP)
     --tls-key FILE         the certificate's key (PEM)
     --tls-client-ca FILE   a client certificate of these authorities names its identity (CN)
 -V, --verbose              tell of connections on stdout; -VV also of every command and reply
 -v, --version              print the version
 -h, --help                 print this help
 -c, -n                     ignored

A long flag's value follows it as the next word or after "=". Each long flag with a value, --verbose (a number), --drain-exit
and --strict (yes or no) can also be set by a variable: --max-memory by RUNNERBEAN_MAX_MEMORY. Flags win over variables.
`;
