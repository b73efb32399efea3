// When the kernel that made what is shown is gone: ended, restarted, or another one in its place.

const ENDED = new Set(["restarting", "autorestarting", "terminating", "dead"]);

/** Call `act` each time a notebook's kernel ends. */
export function whenKernelEnds(sessionContext, act) {
  sessionContext.statusChanged.connect((_, status) => ENDED.has(status) && act());
  sessionContext.kernelChanged.connect((_, { oldValue }) => oldValue && act());
}
