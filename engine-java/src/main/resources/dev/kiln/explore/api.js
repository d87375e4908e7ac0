// Requests to the server that the page came from.

async function checked(response) {
  if (response.ok) {
    return response;
  }
  let message = `The server responded with status ${response.status}.`;
  try {
    message = (await response.json()).error || message;
  } catch {
    // Not JSON.
  }
  throw new Error(message);
}

async function post(path, body, signal) {
  return checked(await fetch(path, {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(body),
    signal,
  }));
}

export async function dataset() {
  return (await checked(await fetch('/api/dataset'))).json();
}

/** Returns the filter as parameters of a URL; conditions that are not set are left out. */
export function parameters(filter) {
  return new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''));
}

/** Fetches the bytes of a tile of chips. */
export async function tile(coords, filter, version, signal) {
  const query = parameters(filter);
  query.set('v', version);
  const url = `/api/chips/${coords.z}/${coords.x}/${coords.y}?${query}`;
  return (await checked(await fetch(url, {signal}))).arrayBuffer();
}

/** Returns the chips at a place, the latest first. */
export async function at(lon, lat, filter) {
  const query = parameters(filter);
  query.set('lon', lon);
  query.set('lat', lat);
  return (await (await checked(await fetch(`/api/at?${query}`))).json()).chips;
}

/** Returns the chips that are most similar to examples. */
export async function similar(positives, negatives, count, filter, signal) {
  const numbers = (chips) => chips.map((chip) => chip.number);
  const body = {positives: numbers(positives), negatives: numbers(negatives), count, ...filter};
  return (await post('/api/similar', body, signal)).json();
}

/** Returns chips as a GeoJSON file. */
export async function geojson(chips) {
  const body = {
    chips: chips.map((chip) => chip.number),
    similarities: chips.map((chip) => chip.similarity),
  };
  return (await post('/api/export', body)).blob();
}
