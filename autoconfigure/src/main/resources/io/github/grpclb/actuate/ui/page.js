// The page over the sections of the actuator's endpoint: reads them again and again, and shows them. All text becomes text nodes: what
// stands in a record is somebody else's. Nothing is kept but the theme.

const PERIOD = 2000; // milliseconds between two reads
const REGISTRY_PERIOD = 15000; // of what the registry itself is asked for
const SHOWN = 100; // servers at once
const MOST_EVENTS = 500;
const RECENT = 10 * 60 * 1000;
const SORTS = { Server: 'address', State: 'state', Weight: 'weight', Share: 'share', 'In flight': 'inFlight', p99: 'p99', Failures: 'failures' };

const here = new URL('.', location.href);
const byId = (id) => document.getElementById(id);
const view = {
  channel: null, offset: 0, search: '', sort: null, open: new Set(), paused: false,
  channels: [], events: [], last: 0, overrides: null, busy: false, sections: null, registryRead: 0,
};

// --- what it is made of

/** Makes an element. Texts are never read as HTML. */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === 'class') made.className = value;
    else if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined).map((child) => child instanceof Node ? child : String(child)));
  return made;
}

function drawing(name, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const percent = (share) => share === null || share === undefined ? '–' : `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;

function time(millis) {
  if (millis === null || millis === undefined) return '–';
  if (millis < 1000) return `${Math.round(millis)} ms`;
  if (millis < 120_000) return `${(millis / 1000).toFixed(millis < 10_000 ? 1 : 0)} s`;
  if (millis < 7_200_000) return `${Math.round(millis / 60_000)} min`;
  return `${Math.round(millis / 3_600_000)} h`;
}

const number = (value, digits = 0) => value === null || value === undefined ? '–' : Number(value).toLocaleString('en', { maximumFractionDigits: digits });

/** Quotes for a POSIX shell. */
const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

// --- reading

async function answerOf(response, path) {
  if (response.ok) return response.status === 204 ? null : response.json();
  let message = `${path}: HTTP ${response.status}`;
  try {
    const told = await response.json();
    message = told.reason || told.message || told.detail || message;
  } catch { /* then the status alone */ }
  throw new Error(message);
}

async function read(section, query = {}) {
  const url = new URL(section, here);
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(key, value);
  }
  return answerOf(await fetch(url, { headers: { accept: 'application/json' } }), section);
}

/** Reads a section that this process may not have; null then. */
const readIfThere = async (section, query) => view.sections.includes(section) ? read(section, query) : null;

async function act(method, section, body) {
  return answerOf(await fetch(new URL(section, here), {
    method,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  }), section);
}

async function refresh() {
  if (view.busy) return;
  view.busy = true;
  try {
    view.sections ??= await read('sections');
    const [all, timeline] = await Promise.all([read('explain', { limit: 1 }), readIfThere('timeline', { since: view.last })]);
    view.channels = all.channels;
    if (!view.channels.some(isChosen)) choose(view.channels[0] ?? null);
    const chosen = view.channel && (await read('explain', {
      service: view.channel.service, client: view.channel.client, limit: SHOWN, offset: view.offset, search: view.search, sort: view.sort,
    })).channels.find(isChosen);
    take(timeline);
    problem(null);
    showStrip(all, view.overrides);
    showChannels();
    showServers(chosen ?? null);
    showTimeline(timeline !== null);
    await refreshRegistry();
  } catch (failure) {
    problem(`This process does not answer: ${failure.message}`);
    view.sections = null; // another one may answer next
  } finally {
    view.busy = false;
  }
}

/** Asks the registry, seldom: it reads all that it has for an answer. */
async function refreshRegistry() {
  if (Date.now() - view.registryRead < REGISTRY_PERIOD) return;
  view.registryRead = Date.now();
  showProcess(await read('../grpclb'));
  await Promise.all([
    ask('overrides', (told) => { view.overrides = told; showOverrides(told); }),
    ask('consumers', (told) => showRows('consumers', told.consumers)),
    ask('services', (told) => showRows('services', told.services)),
    view.channel && byId('records-details').open
      ? ask('records', showRecords, { service: view.channel.service, search: view.search, limit: SHOWN, offset: 0 })
      : hideUnlessThere('records'),
  ]);
}

function hideUnlessThere(section) {
  byId(section).hidden = !view.sections.includes(section);
  return !byId(section).hidden;
}

async function ask(section, show, query = { limit: 1000 }) {
  if (!hideUnlessThere(section)) return;
  const line = byId(`${section}-problem`);
  try {
    show(await read(section, query));
    line.hidden = true;
  } catch (failure) {
    line.textContent = failure.message; // what was shown last stays
    line.hidden = false;
  }
}

function take(timeline) {
  if (!timeline) return;
  if (timeline.last < view.last) view.events = []; // another process answers
  view.events = view.events.concat(timeline.events).slice(-MOST_EVENTS);
  view.last = timeline.last;
}

function problem(text) {
  byId('problem').hidden = text === null;
  byId('problem').textContent = text ?? '';
}

// --- the strip: is it fresh, and is anything out of the ordinary?

function showStrip(all, overrides) {
  const sum = (count) => all.channels.reduce((before, channel) => before + count(channel), 0);
  const counted = (state) => sum((channel) => channel.counts?.[state.toUpperCase()] ?? 0);
  const oldest = Math.max(0, ...all.channels.map((channel) => channel.listAgeMillis ?? 0));
  const items = [];
  const say = (text, kind = 'quiet') => items.push(element('li', { class: kind }, text));
  if (all.registry) {
    const age = all.registry.answerAgeMillis;
    say(all.registry.reachable ? `registry answers${age === null || age === undefined ? '' : `, ${time(age)} ago`}` : `registry is away, last answer ${time(age)} ago`,
      all.registry.reachable ? 'good' : 'bad');
  }
  if (oldest) say(`oldest list ${time(oldest)}`);
  say(`${all.channels.length} channel${all.channels.length === 1 ? '' : 's'}`);
  const failing = all.channels.filter((channel) => channel.reason && channel.state !== 'IDLE').length;
  if (failing) say(`${failing} without a server`, 'bad');
  const panicking = all.channels.filter((channel) => channel.panicking?.length).length;
  if (panicking) say(`panic in ${panicking}`, 'bad');
  for (const [state, kind] of [['suspect', 'warn'], ['ejected', 'warn'], ['failing', 'warn'], ['disabled', 'warn'], ['draining', 'quiet']]) {
    if (counted(state)) say(`${counted(state)} ${state}`, kind);
  }
  const count = overrides?.overrides?.length ?? 0;
  if (count) say(`${count} override${count > 1 ? 's' : ''}`, 'warn');
  byId('strip').replaceChildren(...items);
}

// --- channels

const isChosen = (channel) => view.channel !== null && channel.service === view.channel.service && channel.client === view.channel.client;

function choose(channel) {
  view.channel = channel && { service: channel.service, client: channel.client };
  if (channel) view.registryRead = 0; // its records are another service's
  view.offset = 0;
  view.open.clear();
}

function showChannels() {
  byId('channels').replaceChildren(...view.channels.map((channel) => element('li', {},
    element('button', {
      type: 'button', 'aria-current': isChosen(channel) ? 'true' : 'false', onclick: () => { choose(channel); refresh(); },
    },
    channel.service,
    element('small', { class: channel.reason && channel.state !== 'IDLE' ? 'bad' : 'quiet' },
      `${channel.client ?? 'no name'} · ${channel.policy ?? '–'} · ${channel.total} server${channel.total === 1 ? '' : 's'} · ${String(channel.state).toLowerCase()}`)))));
}

// --- servers

function saysOfUnused(unused) {
  if (!unused?.total) return null;
  const [first] = unused.records;
  return `${number(unused.total)} record${unused.total === 1 ? '' : 's'} not used${first ? `, such as ${first.key}: ${first.detail}` : ''}`;
}

function showServers(channel) {
  byId('servers-title').textContent = channel ? `${channel.service}${channel.client ? `, called by ${channel.client}` : ''}` : 'This process has called nobody: open the page at a client, or with bin/console';
  const reasons = [channel?.reason, saysOfUnused(channel?.unused)].filter(Boolean);
  byId('reason').hidden = !reasons.length;
  byId('reason').textContent = reasons.join('; ');
  byId('predict').hidden = !channel;
  const found = channel?.endpoints ?? [];
  const total = channel?.found ?? channel?.total ?? 0;
  byId('range').textContent = total > found.length ? `${view.offset + 1}–${view.offset + found.length} of ${number(total)}` : `${number(total)}`;
  byId('before').hidden = byId('after').hidden = total <= SHOWN;
  byId('before').disabled = view.offset === 0;
  byId('after').disabled = view.offset + SHOWN >= total;
  byId('table').tHead.replaceChildren(element('tr', {}, ['Server', 'Zone, version', 'State', 'Why', 'Weight', 'Share', 'In flight', 'p50', 'p99', 'Failures', 'Connected'].map(heading)));
  const focused = document.activeElement?.dataset?.key;
  byId('table').tBodies[0].replaceChildren(...found.flatMap((server) => rowsOf(channel, server)));
  if (focused !== undefined) rowOf(focused)?.focus();
}

function heading(title) {
  const field = SORTS[title];
  if (!field) return element('th', { scope: 'col' }, title);
  const down = view.sort === `-${field}`;
  const direction = view.sort === field ? 'ascending' : down ? 'descending' : null;
  return element('th', { scope: 'col', 'aria-sort': direction },
    element('button', { type: 'button', onclick: () => { view.sort = direction === 'ascending' ? `-${field}` : down ? null : field; view.offset = 0; refresh(); } },
      title, direction === 'ascending' ? ' ▲' : down ? ' ▼' : ''));
}

const keyOf = (server) => `${server.address} ${server.id ?? ''}`;
const rowOf = (key) => [...byId('table').querySelectorAll('tr.server')].find((row) => row.dataset.key === key);

function kindOf(server) {
  if (server.takesCalls) return (server.verdicts ?? []).some((verdict) => verdict.reason !== 'OK') ? 'warn' : 'good';
  return server.state === 'DRAINING' || server.state === 'IDLE' ? 'quiet' : 'bad';
}

function rowsOf(channel, server) {
  const key = keyOf(server);
  const open = view.open.has(key);
  const calls = server.calls ?? {};
  const toggle = () => { if (!view.open.delete(key)) view.open.add(key); refreshRow(channel, server); };
  const row = element('tr', {
    class: 'server', tabindex: '0', 'aria-expanded': open ? 'true' : 'false', onclick: toggle,
    onkeydown: (event) => { if (event.key === 'Enter' && event.target === event.currentTarget) toggle(); },
  },
  element('td', { class: 'name' }, server.address, server.id ? element('small', { class: 'quiet' }, ` ${server.id}`) : null),
  element('td', {}, [server.zone, server.version].filter(Boolean).join(', ') || '–'),
  element('td', {}, element('span', { class: `badge ${kindOf(server)}` }, String(server.state).toLowerCase())),
  element('td', { class: `why ${kindOf(server) === 'good' ? 'quiet' : ''}` }, server.why ?? ''),
  element('td', { class: 'number' }, weightOf(server.weight)),
  element('td', {}, shares(server.share)),
  element('td', { class: 'number' }, number(calls.inFlight)),
  element('td', { class: 'number' }, time(calls.p50Millis)),
  element('td', { class: 'number' }, time(calls.p99Millis)),
  element('td', { class: 'number' }, number(calls.failures)),
  element('td', { class: 'number' }, time(server.connectedMillis)));
  row.dataset.key = key;
  return open ? [row, element('tr', { class: 'more' }, element('td', { colspan: '11' }, more(channel, server)))] : [row];
}

function refreshRow(channel, server) {
  const row = rowOf(keyOf(server));
  if (!row) return;
  if (row.nextElementSibling?.classList.contains('more')) row.nextElementSibling.remove();
  const rows = rowsOf(channel, server);
  row.replaceWith(...rows);
  rows[0].focus();
}

function weightOf(weight) {
  if (!weight) return '–';
  const chain = [number(weight.registered)];
  if (weight.override !== null && weight.override !== undefined) chain.push(`→ ${number(weight.override)}`);
  if (weight.slowStart !== null && weight.slowStart !== undefined && weight.slowStart < 1) chain.push(`× ${percent(weight.slowStart)}`);
  if (weight.reported !== null && weight.reported !== undefined) chain.push(`× ${number(weight.reported, 2)}`);
  return chain.length > 1 || weight.effective !== weight.registered ? `${chain.join(' ')} = ${number(weight.effective, 2)}` : chain[0];
}

/** Two bars: what the server should have, and what it has had. */
function shares(share) {
  if (!share) return '–';
  const width = (part) => (Math.min(1, part ?? 0) * 100).toFixed(1);
  const text = `expected ${percent(share.expected)}, had ${percent(share.observed)}`;
  return element('div', { title: `${text} of ${number(share.observedCalls)} calls in ${share.observedSeconds ?? 60} s` },
    drawing('svg', { class: 'share', viewBox: '0 0 100 12', preserveAspectRatio: 'none', role: 'img', 'aria-label': text },
      drawing('rect', { class: 'expected', x: 0, y: 0, height: 5, width: width(share.expected) }),
      drawing('rect', { class: 'observed', x: 0, y: 7, height: 5, width: width(share.observed) })),
    `${percent(share.expected)} / ${percent(share.observed)}`);
}

function facts(pairs) {
  const list = element('dl', { class: 'facts' });
  for (const [name, value] of pairs) {
    if (value !== null && value !== undefined && value !== '') list.append(element('dt', {}, name), element('dd', {}, value));
  }
  return list;
}

function more(channel, server) {
  const calls = server.calls ?? {};
  const failures = Object.entries(calls.failuresByCode ?? {}).map(([code, count]) => `${code} ${number(count)}`).join(', ');
  const lines = [
    element('ul', { class: 'verdicts', 'aria-label': 'Verdict of each step' }, (server.verdicts ?? []).map((verdict) =>
      element('li', { class: verdict.passes === false ? 'stops' : verdict.reason === 'OK' ? '' : 'notes' }, `${verdict.step}: ${verdict.detail || verdict.reason}`))),
    facts([
      ['calls', `${number(calls.successes)} succeeded, ${number(calls.failures)} failed, ${number(calls.cancellations)} cancelled`],
      ['failures', failures], ['key', server.key && element('code', {}, server.key)],
      ['created in revision', server.createRevision || null], ['started', server.startedAt ? new Date(server.startedAt).toISOString() : null],
      ...Object.entries(server.metadata ?? {}),
    ]),
  ];
  if (server.key) {
    lines.push(element('button', { type: 'button', onclick: (event) => { event.stopPropagation(); copy(`etcdctl get ${quoted(server.key)}`, event.currentTarget); } }, 'Copy etcdctl get'));
  }
  if (view.overrides?.writable) {
    lines.push(' ', element('button', { type: 'button', onclick: (event) => { event.stopPropagation(); begin(channel, server); } }, 'Override…'));
  }
  return lines;
}

async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    button.replaceWith(element('code', {}, text)); // without a secure origin there is no clipboard
    return;
  }
  setTimeout(() => { button.textContent = before; }, 1500);
}

// --- timeline

function showTimeline(there) {
  const older = byId('older').checked;
  const now = Date.now();
  const shown = view.events.filter((event) => older || now - Date.parse(event.at) < RECENT).reverse();
  byId('timeline').replaceChildren(...(shown.length ? shown.map(eventLine) : [element('li', { class: 'quiet' }, there ? 'Nothing.' : 'Not known here.')]));
}

function eventLine(event) {
  const kind = ['EJECTED', 'LEFT', 'SUSPECT', 'REGISTRY_AWAY', 'CONFLICT', 'PANIC', 'DISCONNECTED'].includes(event.kind) ? 'warn' : '';
  return element('li', {},
    element('time', { datetime: event.at }, new Date(event.at).toLocaleTimeString('en-GB')),
    element('span', { class: kind }, event.kind.toLowerCase().replaceAll('_', ' ')), ' ',
    [event.service, event.address, event.id].filter(Boolean).join(' '), event.cause ? `: ${event.cause}` : '');
}

// --- prediction

byId('predict-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = new FormData(event.currentTarget);
  const shown = byId('prediction');
  try {
    const told = await read('predict', { ...view.channel, call: form.get('call'), change: form.get('change') });
    shown.replaceChildren(...prediction(told));
  } catch (failure) {
    shown.replaceChildren(element('p', { class: 'reason' }, failure.message));
  }
});

function prediction(told) {
  const list = (steps) => element('ul', {}, steps.map((step) => element('li', {}, step)));
  const shown = [list(told.steps ?? [])];
  if (told.stepsAfter) shown.push(element('p', {}, 'After the change:'), list(told.stepsAfter));
  if (told.reason) shown.push(element('p', { class: 'reason' }, told.reason));
  if (!told.before && !told.after) return shown;
  const changed = Boolean(told.after);
  const byServer = (shares) => shares && new Map(shares.map((each) => [keyOf(each), each.share]));
  const [before, after] = [byServer(told.before), byServer(told.after)];
  const line = (name, was, will, kind = 'name') => element('tr', {}, element('td', { class: kind }, name),
    element('td', { class: 'number' }, percent(was)), changed ? element('td', { class: 'number' }, percent(will)) : null);
  // A server that is not among the shares gets nothing; where there are no shares at all, nothing is known.
  const shareOf = (shares, key) => shares ? shares.get(key) ?? 0 : null;
  const rows = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])].map((key) => line(key, shareOf(before, key), shareOf(after, key)));
  for (const [name, part] of [['calls that wait first', told.waiting], ['calls that fail', told.failed]]) {
    if (part?.before || part?.after) rows.push(line(name, part.before, part.after, 'bad'));
  }
  const titles = [`Of ${number(told.picks)} calls`, ...(changed ? ['before', 'after'] : ['share'])];
  shown.push(element('table', {}, element('thead', {}, element('tr', {}, titles.map((title) => element('th', {}, title)))), element('tbody', {}, rows)));
  return shown;
}

// --- overrides

function selectorOf(override) {
  const [kind, name] = Object.entries(override.selector ?? {}).find(([, value]) => value) ?? ['service', true];
  return kind === 'service' ? 'all servers' : `${kind} ${name}`;
}

function effectOf(override) {
  if (override.disabled) return 'no calls';
  if (override.weight !== null && override.weight !== undefined) return `weight ${override.weight}`;
  if (override.policy) return `policy ${override.policy}`;
  if (override.split) return `split by ${override.split.key}: ${Object.entries(override.split.shares ?? {}).map(([value, share]) => `${value} ${share} %`).join(', ')}`;
  return '?';
}

function showOverrides(told) {
  byId('override-form').hidden = !told.writable;
  const table = byId('overrides-table');
  table.tHead.replaceChildren(element('tr', {}, ['Service', 'Which', 'Gets', 'Ends in', 'Acts here', 'Because', 'Set by', ''].map((title) => element('th', { scope: 'col' }, title))));
  const rows = told.overrides.map((each) => element('tr', {},
    element('td', { class: 'name' }, each.service), element('td', { class: 'name' }, selectorOf(each)), element('td', {}, effectOf(each)),
    element('td', { class: 'number' }, time(Math.max(0, Date.parse(each.until) - Date.now()))),
    element('td', { class: each.acts === false ? 'reason' : '' }, each.acts === false ? `no: ${each.because}` : each.acts ? 'yes' : '–'),
    element('td', { class: 'name' }, each.reason ?? ''), element('td', { class: 'name' }, each.author ?? ''),
    element('td', {},
      told.writable ? element('button', { type: 'button', onclick: () => change('DELETE', `overrides?service=${encodeURIComponent(each.service)}&name=${encodeURIComponent(each.name)}`, undefined, 'Ended.') }, 'End') : null,
      ' ', each.key ? element('button', { type: 'button', onclick: (event) => copy(`etcdctl del ${quoted(each.key)}`, event.currentTarget) }, 'Copy etcdctl del') : null)));
  table.tBodies[0].replaceChildren(...(rows.length ? rows : [element('tr', {}, element('td', { colspan: '8', class: 'quiet' }, 'None.'))]));
}

function begin(channel, server) {
  const form = byId('override-form').elements;
  form.service.value = channel.service;
  form.selector.value = 'server';
  form.name.value = server.id ?? server.address;
  form.kind.value = 'weight';
  form.value.value = '0';
  requireFields();
  form.reason.focus();
  byId('overrides').scrollIntoView({ block: 'nearest' });
}

/** A name and a value are to be there where they mean something: without them all servers would be meant, or weight 0. */
function requireFields() {
  const form = byId('override-form').elements;
  form.name.required = form.selector.value !== 'all';
  form.value.required = form.kind.value !== 'disabled';
  form.selector.disabled = form.kind.value === 'policy';
  if (form.kind.value === 'policy') {
    form.selector.value = 'all';
    form.name.required = false;
  }
}

byId('override-form').addEventListener('change', requireFields);

byId('override-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = new FormData(event.currentTarget);
  const body = { service: form.get('service'), duration: form.get('duration'), reason: form.get('reason'), author: form.get('author') };
  const selector = form.get('selector') ?? 'all'; // of a disabled field a form says nothing
  body[selector] = selector === 'all' ? true : form.get('name');
  if (form.get('kind') === 'disabled') body.disabled = true;
  else body[form.get('kind')] = form.get('kind') === 'weight' ? Number(form.get('value')) : form.get('value');
  if (form.get('force')) body.force = true;
  change('POST', 'overrides', body, 'Set.');
});

async function change(method, section, body, done) {
  const answer = byId('override-answer');
  try {
    await act(method, section, body);
    answer.className = 'good';
    answer.textContent = done;
  } catch (failure) {
    answer.className = 'reason';
    answer.textContent = failure.message;
  }
  view.registryRead = 0;
  refresh();
}

/** Shows what this process is, beside a client. */
function showProcess(told) {
  for (const [id, rows] of [['registrations', told.registrations], ['xds-clients', told.controlPlane?.clients], ['xds-loads', told.controlPlane?.loads]]) {
    byId(id).hidden = !rows?.length;
    if (rows?.length) showRows(id, rows);
  }
}

// --- the registry's side

/** Shows a list whose rows say themselves what they have. */
function showRows(id, rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const table = byId(`${id}-table`);
  table.tHead.replaceChildren(element('tr', {}, columns.map((column) => element('th', { scope: 'col' }, column))));
  table.tBodies[0].replaceChildren(...(rows.length ? rows : [null]).map((row) => row === null
    ? element('tr', {}, element('td', { class: 'quiet' }, 'None.'))
    : element('tr', {}, columns.map((column) => element('td', { class: typeof row[column] === 'number' ? 'number' : 'name' },
      row[column] === null || row[column] === undefined ? '–' : typeof row[column] === 'object' ? JSON.stringify(row[column]) : row[column])))));
}

/** Shows each record of the registry beside what this process makes of it. */
function showRecords(told) {
  const shown = told.records.length < told.found ? `the first ${number(told.records.length)} of ${number(told.found)}` : number(told.found);
  byId('records-range').textContent = `${shown} of ${number(told.total)} records, revision ${told.revision}`
    + `${told.here === null || told.here === undefined ? '' : `; this process knows ${number(told.here)} servers`}${told.complete ? '' : '; there are more'}`;
  const table = byId('records-table');
  table.tHead.replaceChildren(element('tr', {}, ['Key', 'Form', 'Says', 'Stays', 'This process'].map((title) => element('th', { scope: 'col' }, title))));
  const rows = told.records.map((record) => element('tr', {},
    element('td', { class: 'name' }, record.key),
    element('td', {}, record.form ?? '–'),
    element('td', { class: record.refusal ? 'reason' : 'name' }, record.refusal ?? saysOf(record.server), record.leftOut.map((each) => element('small', { class: 'reason' }, ` left out: ${each}`))),
    element('td', {}, staysOf(record)),
    element('td', { class: record.differs?.length ? 'reason' : 'quiet' }, !record.differs ? 'does not call it' : record.differs.join(', ') || 'has the same')));
  table.tBodies[0].replaceChildren(...(rows.length ? rows : [element('tr', {}, element('td', { colspan: '5', class: 'quiet' }, 'None.'))]));
}

function saysOf(server) {
  const zone = [server.zone, server.version].filter(Boolean).join(', ');
  return `${server.address}${server.id ? ` ${server.id}` : ''}, weight ${number(server.weight)}, ${String(server.state).toLowerCase()}${zone ? `, ${zone}` : ''}`;
}

function staysOf(record) {
  if (record.permanent) return 'until it is deleted';
  return record.grantedMillis === null || record.grantedMillis === undefined ? '–' : `${time(record.remainingMillis)} of ${time(record.grantedMillis)}`;
}

// --- tools and keys

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId('theme').textContent = theme === 'dark' ? 'Light' : 'Dark';
}

function switchTheme() {
  const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  localStorage.setItem('grpclb-theme', theme);
  setTheme(theme);
}

function pause() {
  view.paused = !view.paused;
  byId('pause').setAttribute('aria-pressed', String(view.paused));
  byId('pause').textContent = view.paused ? 'Go on' : 'Pause';
  if (!view.paused) refresh();
}

function help() {
  byId('help').hidden = !byId('help').hidden;
  byId('keys').setAttribute('aria-expanded', String(!byId('help').hidden));
}

function step(by) {
  const rows = [...byId('table').querySelectorAll('tr.server')];
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
}

function stepChannel(by) {
  const next = view.channels[view.channels.findIndex(isChosen) + by];
  if (next) {
    choose(next);
    refresh();
  }
}

const KEYS = {
  '/': () => byId('search').focus(), j: () => step(1), k: () => step(-1), '[': () => stepChannel(-1), ']': () => stepChannel(1),
  p: pause, t: switchTheme, '?': help,
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select')) return;
  const act = KEYS[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

byId('pause').addEventListener('click', pause);
byId('theme').addEventListener('click', switchTheme);
byId('keys').addEventListener('click', help);
byId('older').addEventListener('change', () => showTimeline(true));
byId('before').addEventListener('click', () => { view.offset = Math.max(0, view.offset - SHOWN); refresh(); });
byId('after').addEventListener('click', () => { view.offset += SHOWN; refresh(); });
byId('records-details').addEventListener('toggle', () => { view.registryRead = 0; refresh(); });
byId('search').addEventListener('input', (event) => { view.search = event.target.value; view.offset = 0; refresh(); });

requireFields();
setTheme(localStorage.getItem('grpclb-theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'));
refresh();
setInterval(() => { if (!view.paused && !document.hidden) refresh(); }, PERIOD);
