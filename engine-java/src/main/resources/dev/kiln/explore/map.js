// The map: layers, and what is drawn on top of the chips.

import * as L from '/lib/leaflet.js';
import {ChipLayer, Graticule} from './chips.js';

const STYLES = {
  result: {color: '#ffffff', weight: 2, fill: false},
  casing: {color: '#1f2328', weight: 4, fill: false},
  positive: {color: '#14b8a6', weight: 3, fill: false},
  negative: {color: '#f04438', weight: 3, fill: false, dashArray: '5 4'},
  selected: {color: '#ffd84d', weight: 3, fill: false},
};

/** Areas smaller than this many pixels are marked by a circle. */
const SMALL_AREA = 16;

const number = new Intl.NumberFormat('en');

export class ChipMap {
  constructor(element, dataset, onClick) {
    this.dataset = dataset;
    this.map = L.map(element, {minZoom: 1, maxZoom: 21, zoomSnap: 0.5, attributionControl: true});
    this.map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
    L.control.scale({imperial: false}).addTo(this.map);
    new Graticule().addTo(this.map);
    if (dataset.basemap) {
      L.tileLayer(dataset.basemap.url, {
        maxNativeZoom: 19,
        maxZoom: 21,
        attribution: document.createElement('span')
          .appendChild(document.createTextNode(dataset.basemap.attribution)).parentNode.innerHTML,
      }).addTo(this.map);
    }
    if (dataset.pictures) {
      L.tileLayer(`/api/pictures/{z}/{x}/{y}?v=${dataset.version}`, {maxNativeZoom: 20, maxZoom: 21})
        .addTo(this.map);
    }
    this.chips = new ChipLayer({version: dataset.version, maxNativeZoom: 20, maxZoom: 21})
      .addTo(this.map);
    this.areas = L.layerGroup().addTo(this.map);
    this.marks = L.layerGroup().addTo(this.map);
    this.selection = L.layerGroup().addTo(this.map);
    this.map.on('click', ({latlng}) => onClick(latlng.lng, latlng.lat));
    this.map.on('zoomend', () => this.markSmallAreas());
    element.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && event.target === element) {
        const {lng, lat} = this.map.getCenter();
        onClick(lng, lat);
      }
    });
    this.showArea(dataset.areas[0]);
  }

  /** Moves to an area of the dataset. */
  showArea(area) {
    this.map.fitBounds([[area.south, area.west], [area.north, area.east]],
      {padding: [24, 24], maxZoom: 17, animate: false});
    this.markSmallAreas();
  }

  markSmallAreas() {
    this.areas.clearLayers();
    const zoom = this.map.getZoom();
    for (const area of this.dataset.areas) {
      const northWest = this.map.project([area.north, area.west], zoom);
      const southEast = this.map.project([area.south, area.east], zoom);
      if (Math.max(southEast.x - northWest.x, southEast.y - northWest.y) < SMALL_AREA) {
        const center = this.map.unproject(northWest.add(southEast).divideBy(2), zoom);
        L.circleMarker(center, {
          radius: 9, color: '#ffffff', weight: 2, fillColor: '#b4481e', fillOpacity: 0.9,
        })
          .bindTooltip(`${number.format(area.chips)} chips`)
          .on('click', (event) => {
            L.DomEvent.stopPropagation(event);
            this.showArea(area);
          })
          .addTo(this.areas);
      }
    }
  }

  setFilter(filter) {
    this.chips.setFilter(filter);
  }

  setOpacity(share) {
    this.chips.setOpacity(share);
  }

  /** Returns the outline of a chip on the copy of the world that is in view. */
  outline(chip) {
    const center = this.map.getCenter().lng;
    return chip.rings.map((ring) => {
      const turn = 360 * Math.round((center - ring[0][0]) / 360);
      return ring.map(([lon, lat]) => [lat, lon + turn]);
    });
  }

  draw(layer, chip, style) {
    for (const ring of this.outline(chip)) {
      L.polygon(ring, {...STYLES.casing, interactive: false}).addTo(layer);
      L.polygon(ring, {...STYLES[style], interactive: false}).addTo(layer);
    }
  }

  /** Marks the examples and the results of a search. */
  mark(positives, negatives, results) {
    this.marks.clearLayers();
    results.forEach((chip) => this.draw(this.marks, chip, 'result'));
    positives.forEach((chip) => this.draw(this.marks, chip, 'positive'));
    negatives.forEach((chip) => this.draw(this.marks, chip, 'negative'));
  }

  /** Marks one chip; null for none. */
  select(chip) {
    this.selection.clearLayers();
    if (chip) {
      this.draw(this.selection, chip, 'selected');
    }
  }

  /** Moves the map if a chip is not in view. */
  reveal(chip) {
    const bounds = L.latLngBounds(this.outline(chip).flat());
    if (!this.map.getBounds().contains(bounds)) {
      this.map.setView(bounds.getCenter(), Math.max(this.map.getZoom(), 11));
    }
  }

  resize() {
    this.map.invalidateSize();
  }
}
