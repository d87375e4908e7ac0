// Elements of the panel.

const number = new Intl.NumberFormat('en');
const byId = (id) => document.getElementById(id);

/** Creates an element. Text is never read as HTML. */
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      created.addEventListener(name.slice(2), value);
    } else {
      created.setAttribute(name, value);
    }
  }
  created.append(...children.filter((child) => child !== null));
  return created;
}

export const day = (chip) => chip.datetime ? chip.datetime.slice(0, 10) : 'no date';

/** Returns the picture of a chip, or its colour without the archive. */
export function picture(chip, dataset) {
  const swatch = element('span', {class: dataset.pictures ? 'swatch' : 'swatch whole'});
  swatch.style.backgroundColor = chip.color;
  const box = element('div', {class: 'picture'}, swatch);
  if (dataset.pictures) {
    const image = element('img', {
      src: `/api/picture/${chip.number}?v=${dataset.version}`,
      alt: `Picture of chip ${chip.chip_id}`,
      loading: 'lazy',
      width: 256,
      height: 256,
    });
    image.addEventListener('error', () => {
      image.remove();
      swatch.classList.add('whole');
    });
    box.prepend(image);
  }
  return box;
}

export function showSummary(dataset) {
  const dates = dataset.from === dataset.to ? dataset.from : `${dataset.from} to ${dataset.to}`;
  byId('summary').textContent = [
    `${number.format(dataset.chips)} chips`,
    dataset.platforms.filter((name) => name).join(', '),
    dataset.from ? dates : '',
  ].filter((part) => part).join(' · ');
  byId('summary').title = dataset.name;
  const left = [];
  if (dataset.faults > 0) {
    left.push(`${number.format(dataset.faults)} damaged files`);
  }
  if (dataset.notFinite > 0) {
    left.push(`${number.format(dataset.notFinite)} chips without a valid vector`);
  }
  byId('warning').hidden = left.length === 0;
  byId('warning').textContent = `Left out: ${left.join(', ')}. See the log of kiln explore.`;
}

const percent = (share) => `${Math.round(100 * share)}%`;

export function showSelection(chip, others, dataset, onDateChosen) {
  byId('selection').hidden = chip === null;
  if (chip === null) {
    return;
  }
  byId('selection-picture').replaceWith(Object.assign(picture(chip, dataset), {id: 'selection-picture'}));
  const rows = [
    ['Date', day(chip)],
    ['Platform', chip.platform],
    ['Pixel size', chip.gsd === null ? '' : `${chip.gsd} m`],
    ['Cloud', chip.cloud ? percent(chip.cloud) : ''],
    ['No data', chip.nodata ? percent(chip.nodata) : ''],
    ['Scene', chip.chip_id.startsWith(chip.item_id) ? '' : chip.item_id],
    ['Chip', chip.chip_id],
  ];
  byId('selection-details').replaceChildren(...rows
    .filter(([, value]) => value)
    .flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]));
  byId('others').hidden = others.length < 2;
  byId('others-list').replaceChildren(...others.map((other, i) => {
    const option = element('option', {value: i}, `${day(other)} · ${other.platform}`);
    option.selected = other.number === chip.number;
    return option;
  }));
  byId('others-list').onchange = (event) => onDateChosen(others[event.target.value]);
}

export function showExamples(positives, negatives, dataset, onRemove) {
  byId('query').hidden = positives.length + negatives.length === 0;
  const item = (chip, kind) => element('li', {class: kind},
    element('span', {class: `sign ${kind}`, 'aria-hidden': 'true'}, kind === 'positive' ? '+' : '−'),
    picture(chip, dataset),
    element('button', {
      type: 'button',
      'aria-label': `Remove example ${chip.chip_id}`,
      title: 'Remove',
      onclick: () => onRemove(chip),
    }, '×'));
  byId('examples').replaceChildren(
    ...positives.map((chip) => item(chip, 'positive')),
    ...negatives.map((chip) => item(chip, 'negative')));
}

export function showResults(results, seconds, dataset, handlers) {
  byId('results').hidden = results === null;
  if (results === null) {
    return;
  }
  byId('results-note').textContent = results.length === 0
    ? 'No other chip meets the filter.'
    : `${results.length} of ${number.format(dataset.chips)} chips, searched in ${seconds.toFixed(2)} s`;
  byId('export').disabled = results.length === 0;
  byId('gallery').replaceChildren(...results.map((chip) => element('li',
    {onmouseenter: () => handlers.hover(chip), onmouseleave: () => handlers.hover(null)},
    element('button', {
      type: 'button',
      class: 'choose',
      'aria-label': `Chip of ${day(chip)}, similarity ${chip.similarity.toFixed(3)}`,
      onclick: () => handlers.choose(chip),
    },
    picture(chip, dataset),
    element('span', {class: 'caption'},
      element('span', {}, chip.similarity.toFixed(3)), element('span', {}, day(chip)))),
    element('span', {class: 'signs'},
      element('button', {
        type: 'button', class: 'positive', title: 'Like this', 'aria-label': 'Add: like this',
        onclick: () => handlers.add(chip, 'positive'),
      }, '+'),
      element('button', {
        type: 'button', class: 'negative', title: 'Not like this', 'aria-label': 'Add: not like this',
        onclick: () => handlers.add(chip, 'negative'),
      }, '−')))));
}

/** Returns platforms as a parameter: no platform at all is a name that none has. */
function names(platforms) {
  // A comma alone is the empty name, of chips whose platform is unknown.
  return platforms.length === 0 ? '-' : platforms.join(',') || ',';
}

/** Creates the filter's controls and calls back with the filter when they change. */
export function setUpFilter(dataset, onChange) {
  const from = byId('from');
  const to = byId('to');
  byId('dates').hidden = !dataset.from;
  for (const input of [from, to]) {
    input.min = dataset.from ?? '';
    input.max = dataset.to ?? '';
  }
  byId('platforms').hidden = dataset.platforms.length < 2;
  const boxes = dataset.platforms.map((name) => {
    const box = element('input', {type: 'checkbox', value: name});
    box.checked = true;
    byId('platforms').append(element('label', {}, box, name || 'unknown'));
    return box;
  });
  byId('clouds').hidden = !dataset.clouds;
  const read = () => {
    byId('cloud-value').textContent = `${byId('cloud').value}%`;
    const chosen = boxes.filter((box) => box.checked);
    return {
      from: from.value,
      to: to.value,
      platforms: chosen.length === boxes.length ? '' : names(chosen.map((box) => box.value)),
      cloud: byId('cloud').value === '100' ? '' : String(byId('cloud').value / 100),
    };
  };
  const changed = () => onChange(read());
  [from, to, byId('cloud'), ...boxes].forEach((input) => input.addEventListener('change', changed));
  byId('cloud').addEventListener('input', read);
  return read();
}

export function setUpAreas(dataset, onChoose) {
  byId('areas').hidden = dataset.areas.length < 2;
  const degrees = (value, letters) => `${Math.abs(value).toFixed(2)}° ${letters[value < 0 ? 1 : 0]}`;
  byId('area-list').replaceChildren(...dataset.areas.map((area) => element('li', {},
    element('button', {type: 'button', onclick: () => onChoose(area)},
      element('span', {}, `${degrees((area.south + area.north) / 2, 'NS')}, `
        + degrees((((area.west + area.east) / 2 + 540) % 360) - 180, 'EW')),
      element('span', {}, `${number.format(area.chips)} chips`)))));
}

let hide;

/** Shows a message for a while. */
export function say(text, error = false) {
  clearTimeout(hide);
  byId('status').textContent = text;
  byId('status').classList.toggle('error', error);
  hide = setTimeout(() => byId('status').replaceChildren(), error ? 8000 : 3000);
}
