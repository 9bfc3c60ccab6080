interface Target {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
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
  for (const [target, type, listener] of sources) target?.addEventListener?.(type, listener);
  return () => {
    for (const [target, type, listener] of sources) target?.removeEventListener?.(type, listener);
  };
}
