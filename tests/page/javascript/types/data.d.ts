// The data that the page's scripts pass to one another, for tsc alone.

/** The bundle, as GET /v1/bundle and bundle.json give it: the card without its arrays. */
interface Card {
  name: string;
  version: string;
  sha256: string;
  file: string;
  architecture: string;
  radistill_version: string;
  classes: string[];
  positive: string;
  input_size: number;
  threshold: number;
  operating_points: OperatingPoint[];
  cam: { size: [number, number]; scale: number };
  population: Population;
  figures: { test?: TestFigures; shortfalls?: string[] } | null;
  notes: string[];
  synthetic: boolean;
  licence: string;
  readme: string;
}

type Interval = [number, number];

interface OperatingPoint {
  name: string;
  threshold: number;
  films: number;
  sensitivity: number | null;
  sensitivity_ci: Interval | null;
  specificity: number | null;
  specificity_ci: Interval | null;
}

interface TestFigures {
  n: number;
  threshold?: number;
  auc: number;
  auc_ci?: Interval;
  recall: number;
  recall_ci?: Interval;
  specificity: number;
  specificity_ci?: Interval;
}

interface Population {
  description: string;
  age_years: Interval | null;
  body_parts: string[];
  views: string[];
  modalities: string[];
}

/** config.json, of the server or of the page without one. */
interface Config {
  engine: "server" | "browser";
  token_required: boolean;
  version: string;
  max_files: number;
  max_bytes: number;
  threads?: number;
  seconds?: number;
}

/** What the reader sets. point: of the card's operating points, or "own". */
interface Setting {
  point?: string;
  threshold: number;
  band: number;
  anyPopulation: boolean;
}

interface Decision {
  label: string | null;
  threshold: number;
  decision: string;
  reasons: string[];
}

interface Heatmap {
  size: [number, number];
  values: Uint8Array;
}

/** What browsers do not draw themselves. */
type Preview = (Blob & { close?: undefined }) | ImageBitmap;

interface Prediction {
  path: string;
  sha256: string;
  label: string;
  probability: number;
  threshold: number;
  decision: string;
  reasons: string[];
  heatmap: Heatmap | null;
  model: { name: string; version: string; sha256: string };
  ms: number;
  preview?: Preview | null;
  error?: undefined;
}

/** A file without a prediction. */
interface Unread {
  path: string;
  error: { code: string; message: string };
  preview?: undefined;
  model?: undefined;
}

type FilmRecord = Prediction | Unread;

/** A film in the worklist. */
interface Film {
  id: number;
  file: File;
  name: string;
  state: "waiting" | "busy" | "done" | "stopped";
  record: FilmRecord | null;
  thumb: HTMLCanvasElement | null;
  previewed: boolean;
  gone?: boolean;
}

interface PredictOptions {
  threshold?: number;
  band?: number;
  anyPopulation?: boolean;
  heatmap?: boolean;
}

interface Engine {
  bundle(): Card;
  predict(file: File, options?: PredictOptions, signal?: AbortSignal): Promise<FilmRecord>;
  close(): void;
}

/** A grey picture, bright is dense. */
interface Grey {
  grey: Uint8Array | Uint16Array;
  width: number;
  height: number;
  source?: string;
  deep?: boolean;
}

/** What a DICOM file says of its patient and its view. */
interface Tags {
  age_years?: number | null;
  age_unreadable?: boolean;
  body_part?: string;
  view?: string;
  modality?: string;
}


/** The elements of index.html, and those that a part of the page makes, by their ids. */
interface Ids {
  ask: HTMLDialogElement;
  bar: HTMLProgressElement;
  "bar-text": HTMLElement;
  camera: HTMLButtonElement;
  "camera-file": HTMLInputElement;
  card: HTMLDialogElement;
  choose: HTMLInputElement;
  facts: HTMLElement;
  failed: HTMLElement;
  fallback: HTMLElement;
  "intake-title": HTMLElement;
  language: HTMLSelectElement;
  live: HTMLElement;
  meaning: HTMLElement;
  "open-card": HTMLButtonElement;
  own: HTMLElement;
  "own-text": HTMLElement;
  "own-value": HTMLInputElement;
  setting: HTMLElement;
  shoot: HTMLDialogElement;
  task: HTMLElement;
  theme: HTMLButtonElement;
  "theme-text": HTMLElement;
  veil: HTMLElement;
  verdict: HTMLElement;
  viewer: HTMLElement;
  worklist: HTMLElement;
}
