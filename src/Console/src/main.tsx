import { render } from 'preact';
import { App } from './ui/App.js';
import { start } from './session.js';

const root = document.getElementById('app')!;
root.replaceChildren();
render(<App />, root);
void start();
