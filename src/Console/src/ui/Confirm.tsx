import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { Modal } from './Modal.js';

/** Asks before something that cannot be taken back, does it, and tells what became of it. */
export function Confirm({ title, text, action, choices, onDo, onClose }: {
  title: string; text: string; action: string;
  choices?: { readonly label: string; readonly options: readonly (readonly [string, string])[] };
  onDo: (choice: string) => Promise<string>; onClose: (done: boolean) => void;
}): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<{ ok: boolean; text: string }>();
  const [choice, setChoice] = useState(choices?.options[0]?.[0] ?? '');
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      setResult({ ok: true, text: await onDo(choice) });
    } catch (error) {
      setResult({ ok: false, text: (error as Error).message });
    }
    setBusy(false);
  };
  return (
    <Modal label={title} class="confirm" role="alertdialog" onClose={() => onClose(result?.ok === true)}>
      <div class="confirm-body">
        <h2>{title}</h2>
        <p class="muted">{text}</p>
        {choices && !result?.ok && (
          <label class="field">{choices.label}
            <select value={choice} onChange={event => setChoice(event.currentTarget.value)}>
              {choices.options.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
            </select>
          </label>
        )}
        {result && <p class={result.ok ? 'success' : 'problem'} role="status">{result.text}</p>}
        <div class="confirm-actions">
          <button class="button" type="button" autofocus onClick={() => onClose(result?.ok === true)}>{result?.ok ? 'Close' : 'Cancel'}</button>
          {!result?.ok && <button class="button danger" type="button" disabled={busy} onClick={() => void run()}>{busy ? 'Working…' : action}</button>}
        </div>
      </div>
    </Modal>
  );
}
