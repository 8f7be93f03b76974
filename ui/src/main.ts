import { mount } from 'svelte';
import App from './App.svelte';
import './design/tokens.css';
import './design/base.css';
import { startRouter } from './lib/router.svelte';
import { startScheme } from './lib/scheme.svelte';
import { startSession } from './lib/session.svelte';

startScheme();
startRouter();
void startSession();
const target = document.getElementById('app');
if (target) {
  target.replaceChildren();
  mount(App, { target });
}
