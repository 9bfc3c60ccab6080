import { Timer } from './clock.js';
import { FanoutError, abortable } from './errors.js';
import type { Settings, TokenRequest } from './options.js';

export const tokenOver = (): FanoutError =>
  new FanoutError('unauthorized', 'The token has ended, and no function gets a new one.');

/** Asks for tokens, and never hands out one that the node has told us is over. */
export class Tokens {
  readonly #settings: Settings;
  #last: string | undefined;
  #ended: string | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Whether there is no token, and never will be. */
  get none(): boolean {
    return this.#settings.token === undefined;
  }

  /** Whether another token than the present one can be had. */
  get canRenew(): boolean {
    return typeof this.#settings.token === 'function';
  }

  /** @throws FanoutError `unauthorized` where no other try can help, `token_failed` where one may. */
  async get(reason: TokenRequest['reason'], signal: AbortSignal): Promise<string | undefined> {
    const { token: source } = this.#settings;
    if (source === undefined) return undefined;
    const token = typeof source === 'string' ? source : await this.#ask(source, reason, signal);
    if (token === this.#ended) {
      throw this.canRenew
        ? new FanoutError('token_failed', 'The token provider gave an ended token.', { retryable: true })
        : tokenOver();
    }
    this.#last = token;
    return token;
  }

  /** The node said that the last token is not valid any more. */
  ended(): void {
    this.#ended = this.#last;
  }

  /**
   * Whether the only token there is has ended by our clock. A browser hides the status of a refused handshake, so that this is the only
   * way not to knock for ever with a token that is over.
   */
  get isOver(): boolean {
    return !this.canRenew && this.#last !== undefined && expiry(this.#last) < this.#settings.clock.now();
  }

  async #ask(provider: Exclude<Settings['token'], string | undefined>, reason: TokenRequest['reason'], signal: AbortSignal): Promise<string> {
    const timer = new Timer(this.#settings.clock);
    const tooLate = new Promise<never>((_, reject) => {
      timer.set(this.#settings.connectTimeoutMs, () => reject(new FanoutError('token_failed', 'The token provider took too long.', { retryable: true })));
    });
    try {
      const token = await abortable(Promise.race([provider({ reason, signal }), tooLate]), signal);
      if (typeof token !== 'string' || !token) throw new FanoutError('token_failed', 'The token provider gave no token.', { retryable: true });
      return token;
    } catch (cause) {
      if (cause instanceof FanoutError && (cause.code === 'unauthorized' || cause.code === 'token_failed')) throw cause;
      throw new FanoutError('token_failed', `The token provider failed: ${String(cause)}`, { retryable: true, cause });
    } finally {
      timer.clear();
    }
  }
}

/** When a JSON web token ends, in Unix milliseconds; never, where it does not say or is none. */
function expiry(token: string): number {
  try {
    const claims = JSON.parse(atob(token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/'))) as { exp?: unknown };
    return typeof claims.exp === 'number' ? claims.exp * 1_000 : Infinity;
  } catch {
    return Infinity;
  }
}
