# One file without a runtime, on a small base: docker build -t runnerbean .
FROM oven/bun:1 AS build
WORKDIR /src
COPY package.json package-lock.json bunfig.toml ./
COPY tests/std-assert tests/std-assert
RUN bun install --production
COPY deno.json mod.ts ./
COPY src src
RUN bun build --compile --minify --bytecode --format=esm src/cli/main.ts --outfile /runnerbean
# Empty, and owned by the one who runs it: the volume takes this over.
RUN mkdir /jobs

FROM debian:stable-slim
COPY --from=build /runnerbean /usr/local/bin/runnerbean
COPY --from=build --chown=65532:65532 /jobs /jobs
USER 65532:65532
VOLUME /jobs
EXPOSE 11300
# Within the container it must listen on all addresses; publish the port to loopback unless it is meant for the network.
ENV RUNNERBEAN_LISTEN=0.0.0.0 RUNNERBEAN_BINLOG=/jobs
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["/usr/local/bin/runnerbean", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/runnerbean"]
