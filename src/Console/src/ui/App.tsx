import { useEffect, useMemo } from 'preact/hooks';
import type { JSX } from 'preact';
import { Live } from '../live.js';
import { signIn, start, type Session } from '../session.js';
import { Console } from './Console.js';
import { Logo } from './icons.js';
import { SignInForm } from './SignIn.js';

export function App(): JSX.Element {
  const state = signIn.value;
  switch (state.step) {
    case 'starting':
      return <main class="gate"><p class="gate-wait" role="status"><Logo size={40} /><span class="visually-hidden">Connecting</span></p></main>;
    case 'asking':
      return <SignInForm problem={state.problem} />;
    case 'unreachable':
      return (
        <main class="gate">
          <div class="gate-card">
            <Logo size={40} />
            <h1>No answer</h1>
            <p role="alert">{state.problem}</p>
            <p class="muted">Trying again by itself.</p>
            <button class="button" type="button" onClick={() => void start()}>Try now</button>
          </div>
        </main>
      );
    case 'in':
      return <SignedIn session={state.session} />;
  }
}

function SignedIn({ session }: { session: Session }): JSX.Element {
  const live = useMemo(() => new Live(session), [session]);
  useEffect(() => () => live.close(), [live]);
  return <Console live={live} session={session} />;
}
