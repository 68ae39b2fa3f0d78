// What the platform says of this process and machine, the same way on all three runtimes.

export {
  cpuMicros,
  hostName,
  kernelVersion,
  machineName,
  memoryUse,
  orElse,
  processId,
} from "../adapters/node/machine.ts";
