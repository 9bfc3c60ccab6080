interface Target {
  addEventListener?(type: string, listener: () => void, options: { signal: AbortSignal }): void;
  readonly visibilityState?: string;
}

/**
 * Calls when a page may have slept, or its network changed: timers of a hidden page are slowed down, and a frozen one does not notice
 * that its connection is gone. Outside of a browser nothing is ever called.
 */
export function onWake(wake: () => void): () => void {
  const page = globalThis as Target;
  const { document } = globalThis as { document?: Target };
  const visible = (): void => {
    if (document?.visibilityState === 'visible') wake();
  };
  const sources: [Target | undefined, string, () => void][] = [
    [page, 'online', wake],
    // To see at once whether it still works, instead of at the next check.
    [page, 'offline', wake],
    [page, 'pageshow', wake],
    [document, 'resume', wake],
    [document, 'visibilitychange', visible],
  ];
  const over = new AbortController();
  for (const [target, type, listener] of sources) target?.addEventListener?.(type, listener, { signal: over.signal });
  return () => over.abort();
}
