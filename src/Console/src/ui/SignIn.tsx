import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { enter } from '../session.js';
import { Logo } from './icons.js';
import { ThemeSwitch } from './ThemeSwitch.js';

export function SignInForm({ problem: given }: { problem: string | undefined }): JSX.Element {
  const [problem, setProblem] = useState(given);
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const key = input.current!.value;
    if (busy || key === '') return input.current?.focus();
    setBusy(true);
    setProblem(undefined);
    try {
      await enter(key);
    } catch (error) {
      setBusy(false);
      setProblem((error as Error).message);
      input.current?.select();
    }
  };

  return (
    <main class="gate">
      <form class="gate-card" onSubmit={event => void submit(event)}>
        <Logo size={40} />
        <h1>Fanout console</h1>
        <p class="muted">Sign in with an API key that has the scope <code>admin</code>.</p>
        <label for="key">API key</label>
        <input id="key" ref={input} type="password" autocomplete="off" autocapitalize="off" spellcheck={false} aria-invalid={problem ? 'true' : undefined}
          aria-describedby={problem ? 'key-problem' : undefined} />
        {problem && <p class="problem" id="key-problem" role="alert">{problem}</p>}
        <button class="button primary" type="submit" disabled={busy}>{busy ? 'Signing in…' : 'Sign in'}</button>
        <p class="fine">The key stays in this tab until you sign out, and goes to this node alone.</p>
      </form>
      <div class="gate-theme"><ThemeSwitch /></div>
    </main>
  );
}
