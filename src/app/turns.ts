// Much to do, and only so much of it at once: several lines share a number of places, and are served one of each in
// turn, so that a long line keeps no short one waiting. Made anew in each invocation: no request awaits another's work.

/** Does a task when its turn comes; the first in a line is served first. */
export type Line = <T>(task: () => Promise<T>) => Promise<T>;

/** Opens lines of tasks, of which no more than `places` are under way at once in all. */
export function turns(places: number): () => Line {
  const lines: (() => Promise<void>)[][] = [];
  let taken = 0;

  function serve(): void {
    while (taken < places) {
      const line = lines.shift();
      const task = line?.shift();
      if (line === undefined || task === undefined) return;
      if (line.length > 0) lines.push(line);
      taken += 1;
      void task().finally(leave);
    }
  }

  function leave(): void {
    taken -= 1;
    serve();
  }

  return () => {
    const line: (() => Promise<void>)[] = [];
    return (task) =>
      new Promise((resolve, reject) => {
        line.push(async () => await task().then(resolve, reject));
        if (line.length === 1) lines.push(line);
        serve();
      });
  };
}
