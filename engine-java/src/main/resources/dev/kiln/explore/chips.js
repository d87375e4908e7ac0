// The layer of chips: tiles of outlines or of cells (see ChipTiles.java), drawn on canvases.

import {GridLayer, DomUtil} from '/lib/leaflet.js';
import * as api from './api.js';

const WORLD = 2 ** 31;
const CELLS = 128;

/** Chips smaller than this many pixels are drawn as squares of this size. */
const SMALLEST = 2;

/** Chips larger than this many pixels have visible borders. */
const BORDERED = 18;

/**
 * Fills a convex polygon: the pixels whose centres are inside. Neighbours share no pixel and leave
 * none out, so there are no seams between them.
 */
function fill(pixels, edge, xs, ys, vertices, color) {
  let [top, bottom] = [Infinity, -Infinity];
  for (let v = 0; v < vertices; v++) {
    top = Math.min(top, ys[v]);
    bottom = Math.max(bottom, ys[v]);
  }
  const last = Math.min(edge, Math.ceil(bottom - 0.5));
  for (let row = Math.max(0, Math.ceil(top - 0.5)); row < last; row++) {
    const y = row + 0.5;
    let [left, right] = [Infinity, -Infinity];
    for (let v = 0, w = vertices - 1; v < vertices; w = v++) {
      if ((ys[v] <= y) !== (ys[w] <= y)) {
        const x = xs[v] + (y - ys[v]) / (ys[w] - ys[v]) * (xs[w] - xs[v]);
        left = Math.min(left, x);
        right = Math.max(right, x);
      }
    }
    const from = Math.max(0, Math.ceil(left - 0.5));
    const to = Math.min(edge, Math.ceil(right - 0.5));
    if (from < to) {
      pixels.fill(color, row * edge + from, row * edge + to);
    }
  }
}

/** Makes a rectangle of a polygon that would be too small to be seen. */
function enlarge(xs, ys, bounds, side) {
  const [left, top, right, bottom] = bounds;
  const halfWidth = Math.max(side, right - left) / 2;
  const halfHeight = Math.max(side, bottom - top) / 2;
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  [xs[0], xs[1], xs[2], xs[3]] = [x - halfWidth, x + halfWidth, x + halfWidth, x - halfWidth];
  [ys[0], ys[1], ys[2], ys[3]] = [y - halfHeight, y - halfHeight, y + halfHeight, y + halfHeight];
}

/**
 * Draws outlines. Small ones are written as pixels: a path of the canvas takes a hundred times as
 * long, and a tile can have thousands of chips. They are drawn over large ones, which would hide
 * them.
 */
function drawOutlines(view, context, scale, ratio, edge) {
  const count = view.getInt32(4, true);
  const image = context.createImageData(edge, edge);
  const pixels = new Uint32Array(image.data.buffer);
  const xs = new Float64Array(256);
  const ys = new Float64Array(256);
  let small = 0;
  let at = 8;
  context.lineJoin = 'round';
  context.strokeStyle = 'rgb(255 255 255 / 45%)';
  context.lineWidth = ratio;
  for (let i = 0; i < count; i++) {
    const [red, green, blue] = [view.getUint8(at + 4), view.getUint8(at + 5), view.getUint8(at + 6)];
    let vertices = view.getUint8(at + 7);
    at += 8;
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let v = 0; v < vertices; v++, at += 8) {
      const x = view.getInt32(at, true) * scale;
      const y = view.getInt32(at + 4, true) * scale;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      xs[v] = x;
      ys[v] = y;
    }
    if (Math.max(right - left, bottom - top) <= BORDERED * ratio) {
      if (Math.min(right - left, bottom - top) < SMALLEST * ratio) {
        enlarge(xs, ys, [left, top, right, bottom], SMALLEST * ratio);
        vertices = 4;
      }
      // Bytes in memory order: red first.
      fill(pixels, edge, xs, ys, vertices, (0xff000000 | blue << 16 | green << 8 | red) >>> 0);
      small++;
      continue;
    }
    context.beginPath();
    for (let v = 0; v < vertices; v++) {
      context.lineTo(xs[v], ys[v]);
    }
    context.closePath();
    context.fillStyle = `rgb(${red} ${green} ${blue})`;
    context.fill();
    context.stroke();
  }
  if (small === count) {
    context.putImageData(image, 0, 0);
  } else if (small > 0) {
    const layer = canvas(edge);
    layer.getContext('2d').putImageData(image, 0, 0);
    context.drawImage(layer, 0, 0);
  }
}

function canvas(edge) {
  const created = document.createElement('canvas');
  created.width = edge;
  created.height = edge;
  return created;
}

function drawCells(buffer, context, edge) {
  const cells = canvas(CELLS);
  const pixels = new ImageData(new Uint8ClampedArray(buffer, 8, 4 * CELLS * CELLS), CELLS, CELLS);
  cells.getContext('2d').putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(cells, 0, 0, edge, edge);
}

export const ChipLayer = GridLayer.extend({
  options: {updateWhenZooming: false, keepBuffer: 1, className: 'chips', version: '', filter: {}},

  initialize(options) {
    GridLayer.prototype.initialize.call(this, options);
    this.on('tileunload', ({tile}) => tile.request?.abort());
  },

  createTile(coords, done) {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const edge = Math.round(this.getTileSize().x * ratio);
    const tile = DomUtil.create('canvas', 'leaflet-tile');
    tile.width = edge;
    tile.height = edge;
    tile.request = new AbortController();
    api.tile(coords, this.options.filter, this.options.version, tile.request.signal).then(
      (buffer) => {
        const view = new DataView(buffer);
        const context = tile.getContext('2d');
        if (view.getInt32(0, true) === 0) {
          drawOutlines(view, context, edge * 2 ** coords.z / WORLD, ratio, edge);
        } else {
          drawCells(buffer, context, edge);
        }
        tile.dataset.chips = view.getInt32(4, true);
        done(null, tile);
      },
      (error) => done(error.name === 'AbortError' ? null : error, tile));
    return tile;
  },

  /** Shows only the chips that meet a filter. */
  setFilter(filter) {
    this.options.filter = filter;
    this.redraw();
  },
});

/** Lines of longitude and latitude, so that an empty map has a scale and a direction. */
export const Graticule = GridLayer.extend({
  createTile(coords) {
    const tile = DomUtil.create('canvas', 'leaflet-tile');
    const edge = this.getTileSize().x;
    tile.width = edge;
    tile.height = edge;
    const context = tile.getContext('2d');
    const step = [30, 30, 20, 10, 10, 5, 2, 1, 0.5, 0.5, 0.2, 0.1, 0.05, 0.05, 0.02, 0.01, 0.005,
      0.005, 0.002, 0.001][Math.min(19, coords.z)];
    const size = edge * 2 ** coords.z;
    const x = (lon) => (lon / 360 + 0.5) * size - coords.x * edge;
    const y = (lat) => {
      const sine = Math.sin(lat * Math.PI / 180);
      return (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * size - coords.y * edge;
    };
    const lonAt = (px) => ((px + coords.x * edge) / size - 0.5) * 360;
    const latAt = (px) => 360 / Math.PI
      * Math.atan(Math.exp((0.5 - (px + coords.y * edge) / size) * 2 * Math.PI)) - 90;
    context.strokeStyle = 'rgb(120 132 144 / 28%)';
    context.beginPath();
    for (let i = Math.ceil(lonAt(0) / step); i <= lonAt(edge) / step; i++) {
      const at = Math.round(x(i * step)) + 0.5;
      context.moveTo(at, 0);
      context.lineTo(at, edge);
    }
    for (let i = Math.ceil(latAt(edge) / step); i <= latAt(0) / step; i++) {
      const at = Math.round(y(i * step)) + 0.5;
      context.moveTo(0, at);
      context.lineTo(edge, at);
    }
    context.stroke();
    return tile;
  },
});
