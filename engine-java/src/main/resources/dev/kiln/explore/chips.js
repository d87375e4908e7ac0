// The layer of chips: tiles of outlines or of cells (see ChipTiles.java), drawn on canvases.

import {GridLayer, DomUtil} from '/lib/leaflet.js';
import * as api from './api.js';

const WORLD = 2 ** 31;
const CELLS = 128;

/** Chips smaller than this many pixels are drawn as squares of this size. */
const SMALLEST = 2;

/** Chips larger than this many pixels have visible borders. */
const BORDERED = 18;

function drawOutlines(view, context, scale, ratio) {
  const count = view.getInt32(4, true);
  let at = 8;
  context.lineJoin = 'round';
  for (let i = 0; i < count; i++) {
    const color = `rgb(${view.getUint8(at + 4)} ${view.getUint8(at + 5)} ${view.getUint8(at + 6)})`;
    const vertices = view.getUint8(at + 7);
    at += 8;
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    context.beginPath();
    for (let v = 0; v < vertices; v++, at += 8) {
      const x = view.getInt32(at, true) * scale;
      const y = view.getInt32(at + 4, true) * scale;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      context.lineTo(x, y);
    }
    context.closePath();
    context.fillStyle = color;
    const size = Math.max(right - left, bottom - top);
    if (size < SMALLEST * ratio) {
      const side = SMALLEST * ratio;
      context.fillRect((left + right - side) / 2, (top + bottom - side) / 2, side, side);
      continue;
    }
    context.fill();
    // Without a line there would be light seams between neighbours.
    context.strokeStyle = size > BORDERED * ratio ? 'rgb(255 255 255 / 45%)' : color;
    context.lineWidth = size > BORDERED * ratio ? ratio : 0.7 * ratio;
    context.stroke();
  }
  return count;
}

function drawCells(buffer, context, edge) {
  const cells = document.createElement('canvas');
  cells.width = CELLS;
  cells.height = CELLS;
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
    const edge = this.getTileSize().x * ratio;
    const tile = DomUtil.create('canvas', 'leaflet-tile');
    tile.width = edge;
    tile.height = edge;
    tile.request = new AbortController();
    api.tile(coords, this.options.filter, this.options.version, tile.request.signal).then(
      (buffer) => {
        const view = new DataView(buffer);
        const context = tile.getContext('2d');
        if (view.getInt32(0, true) === 0) {
          drawOutlines(view, context, edge * 2 ** coords.z / WORLD, ratio);
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
