import { useEffect, useState } from 'preact/hooks';

export type Loaded<T> = { readonly step: 'loading' } | { readonly step: 'failed'; readonly problem: string } | { readonly step: 'there'; readonly value: T };

/** Loads when the component appears and whenever `again` changes; what was there stays until the new is. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, again: unknown): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({ step: 'loading' });
  useEffect(() => {
    const over = new AbortController();
    load(over.signal).then(
      value => !over.signal.aborted && setState({ step: 'there', value }),
      (error: unknown) => !over.signal.aborted && setState({ step: 'failed', problem: (error as Error).message }));
    return () => over.abort();
  }, [again]);
  return state;
}
