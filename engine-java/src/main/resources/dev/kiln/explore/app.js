// What the page does: the state of a search, and what follows from a click.

import * as api from './api.js';
import {ChipMap} from './map.js';
import * as panel from './panel.js';

const byId = (id) => document.getElementById(id);

const state = {
  dataset: null,
  filter: {},
  selected: null,
  others: [],
  positives: [],
  negatives: [],
  results: null,
  search: null,
};

let map;

async function reported(action) {
  try {
    await action();
  } catch (error) {
    if (error.name !== 'AbortError') {
      panel.say(error.message === 'Failed to fetch' ? 'The server has stopped: start kiln explore again.' : error.message, true);
    }
  }
}

function drawMarks() {
  map.mark(state.positives, state.negatives, state.results ?? []);
  map.select(state.selected);
}

function select(chip, others = [chip]) {
  state.selected = chip;
  state.others = others;
  panel.showSelection(chip, others, state.dataset, (other) => select(other, others));
  map.select(chip);
}

async function search() {
  panel.showExamples(state.positives, state.negatives, state.dataset, remove);
  state.search?.abort();
  if (state.positives.length === 0) {
    state.search = null;
    document.body.classList.remove('busy');
    state.results = null;
    panel.showResults(null, 0, state.dataset, {});
    drawMarks();
    return;
  }
  const own = new AbortController();
  state.search = own;
  document.body.classList.add('busy');
  try {
    const found = await api.similar(state.positives, state.negatives, Number(byId('count').value),
      state.filter, own.signal);
    state.results = found.chips;
    panel.showResults(found.chips, found.seconds, state.dataset, {
      hover: (chip) => map.select(chip ?? state.selected),
      choose: (chip) => {
        select(chip);
        map.reveal(chip);
      },
      add: (chip, kind) => add(chip, kind),
    });
  } finally {
    // A search that was aborted leaves the mark to the one that follows it.
    if (state.search === own) {
      document.body.classList.remove('busy');
    }
  }
  drawMarks();
}

function remove(chip) {
  for (const list of ['positives', 'negatives']) {
    state[list] = state[list].filter((other) => other.number !== chip.number);
  }
  reported(search);
}

function add(chip, kind) {
  for (const list of ['positives', 'negatives']) {
    state[list] = state[list].filter((other) => other.number !== chip.number);
  }
  state[kind === 'positive' ? 'positives' : 'negatives'].push(chip);
  if (state.positives.length === 0) {
    panel.say('Add an example that is “like this”, too.');
  }
  reported(search);
}

function find(chip) {
  state.positives = [chip];
  state.negatives = [];
  reported(search);
}

async function clicked(lon, lat) {
  const chips = await api.at(lon, lat, state.filter);
  if (chips.length === 0) {
    panel.say('There is no chip here.');
    return;
  }
  select(chips[0], chips);
  const mode = document.querySelector('input[name="mode"]:checked').value;
  if (mode === 'find') {
    find(chips[0]);
  } else {
    add(chips[0], mode);
  }
}

async function download() {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await api.geojson(state.results));
  link.download = 'chips.geojson';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  panel.say(`Exported ${state.results.length} chips.`);
}

async function start() {
  state.dataset = await api.dataset();
  panel.showSummary(state.dataset);
  state.filter = panel.setUpFilter(state.dataset, (filter) => {
    state.filter = filter;
    map.setFilter(filter);
    reported(search);
  });
  map = new ChipMap(byId('map'), state.dataset, (lon, lat) => reported(() => clicked(lon, lat)));
  panel.setUpAreas(state.dataset, (area) => map.showArea(area));

  const opacity = byId('opacity');
  const setOpacity = () => {
    byId('opacity-value').textContent = `${opacity.value}%`;
    map.setOpacity(opacity.value / 100);
  };
  opacity.value = state.dataset.pictures || state.dataset.basemap ? 60 : 95;
  opacity.addEventListener('input', setOpacity);
  setOpacity();

  byId('find').addEventListener('click', () => find(state.selected));
  byId('add-positive').addEventListener('click', () => add(state.selected, 'positive'));
  byId('add-negative').addEventListener('click', () => add(state.selected, 'negative'));
  byId('count').addEventListener('change', () => reported(search));
  byId('export').addEventListener('click', () => reported(download));
  document.body.dataset.ready = 'true';
}

reported(start);
