import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { hasRounded } from '../exact.js';
import { clock, dateAndTime } from '../format.js';
import { api } from '../session.js';
import { roomPath, type HistoryPage, type KeptMessage, type RoomInfo } from '../search.js';
import { useLoad } from './useLoad.js';

const PageSize = 25;

/** The newest messages first; older ones page by page, as far as they are kept. */
export function History({ room, info }: { room: string; info: RoomInfo }): JSX.Element {
  const [messages, setMessages] = useState<readonly KeptMessage[]>([]);
  const [before, setBefore] = useState((info.offset ?? 0) + 1);
  const [ended, setEnded] = useState(false);
  const page = useLoad(async signal => {
    if (info.epoch === undefined || before <= 1) return setEnded(true);
    const from = Math.max(0, before - 1 - PageSize);
    const loaded = await api<HistoryPage>(`${roomPath(room)}/history?limit=${PageSize}&after=${encodeURIComponent(`${info.epoch};${from}`)}`, signal);
    const fresh = (loaded?.items ?? []).filter(message => (message.offset ?? 0) < before).reverse();
    setMessages(had => [...had, ...fresh]);
    if (fresh.length < before - 1 - from || from === 0) setEnded(true);
  }, before);
  if (info.epoch === undefined) return <p class="empty"><strong>No history</strong>This room keeps no messages: they are delivered once, to those who are there.</p>;
  if (page.step === 'failed') return <p class="problem" role="alert">{page.problem}</p>;
  if (messages.length === 0) return <p class="empty" role="status">{page.step === 'loading' ? 'Loading…' : 'No messages are kept.'}</p>;
  return (
    <>
      <ol class="messages" data-testid="history">{messages.map(message => <MessageItem key={message.id} message={message} />)}</ol>
      {!ended && <button class="button more" type="button" onClick={() => setBefore(messages.at(-1)!.offset!)}>Older messages</button>}
    </>
  );
}

export function MessageItem({ message, fresh = false }: { message: KeptMessage & { readonly room?: string }; fresh?: boolean }): JSX.Element {
  return (
    <li class={fresh ? 'message fresh' : 'message'} data-testid="message">
      <p class="message-meta">
        {message.offset !== undefined && <span class="message-offset">#{message.offset}</span>}
        <span>{message.from ? (message.from.userId ?? message.from.clientId) : 'HTTP'}</span>
        <time dateTime={new Date(message.timestamp).toISOString()} title={dateAndTime(message.timestamp)}>{clock(message.timestamp)}</time>
      </p>
      <pre>{preview(message.payload)}</pre>
      {hasRounded(message.payload) && <p class="fine">This page's JavaScript rounds whole numbers beyond 2⁵³; other members get them as they were published.</p>}
    </li>
  );
}

const MostShown = 4_000;

function preview(payload: unknown): string {
  const text = JSON.stringify(payload, null, 2) ?? '';
  const flat = JSON.stringify(payload) ?? '';
  const chosen = flat.length <= 72 ? flat : text;
  return chosen.length > MostShown ? `${chosen.slice(0, MostShown)}\n… ${chosen.length - MostShown} characters more` : chosen;
}
