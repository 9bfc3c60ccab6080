import { FanoutError, type FanoutClient, type Message, type Room } from '@fanout/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { numberThatChanges, parseExact } from '../exact.js';
import { plural } from '../format.js';
import { roomPath, type RoomInfo } from '../search.js';
import { api } from '../session.js';
import { MessageItem } from './History.js';
import { Send } from './icons.js';

const MostShown = 50;
const CountEveryMs = 2_000;

interface Joined {
  readonly room: Room;
  readonly count: number;
  end(): void;
}

/** Join a room and publish to it, as a client would: over this page's own socket. */
export function TryIt({ client, scopes }: { client: FanoutClient; scopes: readonly string[] }): JSX.Element {
  const [name, setName] = useState('playground');
  const [text, setText] = useState('{"hello": "world"}');
  const [joined, setJoined] = useState<Joined>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [answer, setAnswer] = useState<string>();
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const current = useRef<Joined>();
  current.current = joined;
  useEffect(() => () => current.current?.end(), []);
  // Members come and go; the node that we hang on does not say so without the notices of presence, which a room may not have.
  useEffect(() => {
    if (!joined) return;
    const over = new AbortController();
    const timer = setInterval(() => {
      api<RoomInfo>(roomPath(joined.room.name), over.signal).then(
        info => info && setJoined(now => (now?.room === joined.room ? { ...now, count: info.members } : now)),
        // The number stays as it is; that there is no backplane stands at the top.
        () => {});
    }, CountEveryMs);
    return () => (clearInterval(timer), over.abort());
  }, [joined?.room]);
  const mayRead = scopes.includes('read');
  const mayPublish = scopes.includes('publish');

  const join = async (event: Event): Promise<void> => {
    event.preventDefault();
    setProblem(undefined);
    setAnswer(undefined);
    if (joined) {
      joined.end();
      setJoined(undefined);
      return;
    }
    // Leaving it again would end what this page lives on.
    if (name.trim().startsWith('$ops')) return setProblem('This page is in that room already: it shows what is said there.');
    setBusy(true);
    const off: (() => void)[] = [];
    const end = (): void => off.forEach(one => one());
    try {
      const room = client.room(name.trim());
      setMessages([]);
      off.push(room.subscribe(message => setMessages(had => [message, ...had].slice(0, MostShown))));
      off.push(room.on('left', ({ reason }) => (setJoined(undefined), setProblem(`The node put us out: ${reason}.`))));
      // `join` keeps the room, so that the end of it is a leave.
      off.push(() => void room.leave().catch(() => {}));
      const { count } = await room.join({ timeoutMs: 5_000 });
      setJoined({ room, count, end });
    } catch (error) {
      end();
      setProblem(say(error));
    }
    setBusy(false);
  };

  const publish = async (event: Event): Promise<void> => {
    event.preventDefault();
    setProblem(undefined);
    setAnswer(undefined);
    let payload: unknown;
    try {
      payload = parseExact(text);
    } catch (error) {
      return setProblem(`This is no JSON: ${(error as Error).message}. Text needs quotes around it.`);
    }
    const changed = numberThatChanges(text);
    if (changed !== undefined) return setProblem(`This browser cannot publish ${changed} as it is: put it in quotes.`);
    const began = performance.now();
    try {
      const { offset } = await client.publish(name.trim(), payload, { timeoutMs: 5_000 });
      setAnswer(`Published${offset === undefined ? '' : ` as #${offset}`} in ${Math.max(1, Math.round(performance.now() - began))} ms.`);
    } catch (error) {
      setProblem(say(error));
    }
  };

  return (
    <section class="card try" aria-labelledby="try-title">
      <div class="card-head"><h2 id="try-title">Try it</h2><p class="muted">Join a room, publish to it, and see what its members see.</p></div>
      <div class="try-body">
        <div class="try-form">
          <form onSubmit={event => void join(event)}>
            <label for="try-room">Room</label>
            <div class="joined-field">
              <input id="try-room" value={name} onInput={event => setName(event.currentTarget.value)} disabled={joined !== undefined || busy} autocomplete="off"
                autocapitalize="off" spellcheck={false} maxLength={128} />
              <button class={joined ? 'button' : 'button primary'} type="submit" disabled={busy || !mayRead}>{busy ? 'Joining…' : joined ? 'Leave' : 'Join'}</button>
            </div>
          </form>
          <form onSubmit={event => void publish(event)}>
            <label for="try-payload">Payload, as JSON</label>
            <textarea id="try-payload" rows={4} value={text} onInput={event => setText(event.currentTarget.value)} spellcheck={false} autocomplete="off" />
            <div class="try-actions">
              <button class="button" type="submit" disabled={!mayPublish}><Send />Publish</button>
              <p class="try-answer" role="status">{answer}</p>
            </div>
          </form>
          {problem && <p class="problem" role="alert">{problem}</p>}
          {!(mayRead && mayPublish) && <p class="fine">This key lacks the scope {[!mayRead && 'read', !mayPublish && 'publish'].filter(Boolean).join(' and ')}.</p>}
        </div>
        <div class="try-log">
          <p class="try-state" data-testid="try-state">{joined ? <>In <strong>{joined.room.name}</strong> with {plural(joined.count, 'member')}</> : 'Not in a room'}</p>
          {/* There before its first message, or that one would not be read out. */}
          <div class="try-scroll" role="log" tabIndex={0} aria-label="Messages" data-testid="try-messages">
            {messages.length === 0
              ? <p class="empty">{joined ? 'Messages appear here as they come.' : 'Join a room to see its messages.'}</p>
              : <ol class="messages">{messages.map(message => <MessageItem key={message.id} message={message} fresh />)}</ol>}
          </div>
        </div>
      </div>
    </section>
  );
}

function say(error: unknown): string {
  if (error instanceof FanoutError && error.code === 'timeout') return 'No answer in time; it may have happened.';
  return (error as Error).message;
}
