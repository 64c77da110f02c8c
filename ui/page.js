/** The page of functions: what is deployed, how often it was called, and a box to call it. */

const pollMs = 2_000;
/** More of an answer is of no use on a page. */
const shownMax = 100_000;

const at = (id) => document.getElementById(id);
const state = { functions: [], chosen: undefined, shown: '' };

async function get(path) {
  const answer = await fetch(path, { cache: 'no-store' });
  if (answer.ok) return answer.json();
  const text = await answer.text();
  throw new Error(detailOf(text) || `${path} answered ${answer.status}`);
}

function detailOf(text) {
  try {
    return JSON.parse(text).detail;
  } catch {
    return text.slice(0, 500);
  }
}

async function refresh() {
  try {
    const namespace = encodeURIComponent(at('namespace').value);
    state.functions = await get(`/system/functions?namespace=${namespace}`);
    tell(undefined);
    showList();
    if (state.chosen) showFacts();
  } catch (error) {
    tell(error.message);
  }
}

function tell(text) {
  at('problem').hidden = text === undefined;
  at('problem').textContent = text ?? '';
}

/** Only what changed: whoever is about to press a button keeps it. */
function showList() {
  const shown = JSON.stringify([state.functions, state.chosen]);
  if (shown === state.shown) return;
  state.shown = shown;
  at('none').hidden = state.functions.length > 0;
  at('functions').replaceChildren(...state.functions.map(rowOf));
}

function rowOf(one) {
  const row = document.createElement('tr');
  const choice = document.createElement('button');
  choice.textContent = one.name;
  choice.addEventListener('click', () => choose(one.name));
  row.setAttribute('aria-selected', String(one.name === state.chosen));
  row.append(
    cell(choice),
    cell(one.image),
    cell((one.invocationCount ?? 0).toLocaleString(), 'number'),
    cell(`${one.availableReplicas ?? 0} of ${one.replicas ?? 0}`, 'number'),
  );
  return row;
}

function cell(content, name = '') {
  const element = document.createElement('td');
  element.className = name;
  element.append(content);
  return element;
}

function choose(name) {
  state.chosen = name;
  at('chosen').hidden = false;
  at('answer').hidden = true;
  showList();
  showFacts();
}

function showFacts() {
  const one = state.functions.find(({ name }) => name === state.chosen);
  if (!one) {
    at('chosen').hidden = true;
    state.chosen = undefined;
    return;
  }
  at('name').textContent = one.name;
  const facts = {
    URL: urlOf(one),
    Process: one.envProcess,
    Operation: one.annotations?.['funcatron.operation'],
    Secrets: one.secrets?.join(', '),
    Deployed: new Date(one.createdAt).toLocaleString(),
  };
  const pairs = Object.entries(facts).filter(([, value]) => value);
  at('facts').replaceChildren(
    ...pairs.flatMap(([name, value]) => {
      const [term, text] = [document.createElement('dt'), document.createElement('dd')];
      term.textContent = name;
      text.textContent = value;
      return [term, text];
    }),
  );
}

function urlOf({ name, namespace }, prefix = '/function/') {
  const end = namespace === 'openfaas-fn' ? '' : `.${namespace}`;
  return prefix + encodeURIComponent(name) + end;
}

async function invoke(event) {
  event.preventDefault();
  const one = state.functions.find(({ name }) => name === state.chosen);
  const isAsync = at('async').checked;
  const method = isAsync ? 'POST' : at('method').value;
  const path = at('path').value.replace(/^(?=[^/?])/, '/');
  const url = urlOf(one, isAsync ? '/async-function/' : '/function/') + path;
  const body = method === 'GET' ? undefined : at('body').value;
  const headers = body ? { 'content-type': at('type').value } : {};
  const startedMs = performance.now();
  at('status').textContent = 'waiting …';
  at('output').textContent = '';
  at('answer').hidden = false;
  try {
    const answer = await fetch(url, { method, body, headers, cache: 'no-store' });
    const text = await answer.text();
    const ms = Math.round(performance.now() - startedMs);
    at('status').textContent = `${answer.status} ${answer.statusText}, ${ms} ms`;
    const left = text.length - shownMax;
    const more = left > 0 ? `\n(${left} characters more)` : '';
    at('output').textContent = text.slice(0, shownMax) + more;
  } catch (error) {
    at('status').textContent = error.message;
  }
  await refresh();
}

async function begin() {
  at('form').addEventListener('submit', invoke);
  at('namespace').addEventListener('change', refresh);
  try {
    const [namespaces, info] = await Promise.all([get('/system/namespaces'), get('/system/info')]);
    at('namespaces').hidden = namespaces.length < 2;
    at('namespace').append(...namespaces.map((name) => new Option(name)));
    at('info').textContent = `Funcatron ${info.version.release}`;
  } catch (error) {
    tell(error.message);
  }
  await refresh();
  setInterval(() => document.hidden || refresh(), pollMs);
}

await begin();
