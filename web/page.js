// The picture, the brush and the bars; the scores come from `garments.wasm`.

const GARMENTS = [
  "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
];
const EXAMPLES = ["trouser", "pullover", "dress", "sneaker", "bag", "ankle_boot"];
const SIDE = 28;

const at = (id) => document.getElementById(id);
const { instance } = await WebAssembly.instantiateStreaming(fetch("garments.wasm"));
const { memory, pixels, scores, classify } = instance.exports;
const picture = new Uint8Array(memory.buffer, pixels(), SIDE * SIDE);
const likelihoods = new Float32Array(memory.buffer, scores(), GARMENTS.length);

const rows = GARMENTS.map((name) => {
  const row = document.createElement("li");
  const label = document.createElement("span");
  const track = document.createElement("div");
  const bar = document.createElement("div");
  const value = document.createElement("data");
  label.textContent = name;
  track.className = "track";
  bar.className = "bar";
  track.append(bar);
  row.append(label, track, value);
  at("scores").append(row);
  return { row, bar, value };
});

/** Paints grey pixels on a canvas of their size. */
function paint(canvas, grey) {
  const image = new ImageData(SIDE, SIDE);
  grey.forEach((value, place) => image.data.set([value, value, value, 255], 4 * place));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Shows the picture and its scores. */
function update() {
  classify();
  paint(at("picture"), picture);
  const best = likelihoods.indexOf(Math.max(...likelihoods));
  rows.forEach(({ row, bar, value }, place) => {
    const score = likelihoods[place];
    row.classList.toggle("best", place === best);
    bar.style.width = `${100 * score}%`;
    value.value = score;
    value.textContent = `${(100 * score).toFixed(1)} %`;
  });
  const empty = picture.every((value) => value === 0);
  at("verdict").textContent = empty ? "nothing yet" : GARMENTS[best];
}

/** Draws a dot at a place in pixels; its rim, a pixel wide, blends into what is there. */
function dot(x, y) {
  const radius = Number(at("brush").value);
  const grey = Number(at("grey").value);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      const cover = Math.min(1, Math.max(0, radius + 0.5 - distance));
      const place = row * SIDE + column;
      // The edge of a dot overlaps earlier dots, and must not make them lighter.
      const blended = Math.round(cover * grey);
      if (cover === 1) picture[place] = grey;
      else if (blended > picture[place]) picture[place] = blended;
    }
  }
}

/** Where the pen was last, in pixels; nothing while it is up. */
let pen = null;

/** Draws from the pen's last place to where `event` is. */
function stroke(event) {
  const box = at("picture").getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * SIDE;
  const y = ((event.clientY - box.top) / box.height) * SIDE;
  const from = pen ?? { x, y };
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(x - from.x, y - from.y)));
  for (let step = 1; step <= steps; step++) {
    dot(from.x + ((x - from.x) * step) / steps, from.y + ((y - from.y) * step) / steps);
  }
  pen = { x, y };
}

at("picture").addEventListener("pointerdown", (event) => {
  if (!event.isPrimary || event.button !== 0) return;
  event.target.setPointerCapture(event.pointerId);
  pen = null;
  stroke(event);
  update();
});
at("picture").addEventListener("pointermove", (event) => {
  if (!event.isPrimary || pen === null) return;
  const moves = event.getCoalescedEvents();
  (moves.length > 0 ? moves : [event]).forEach(stroke);
  update();
});
for (const end of ["pointerup", "pointercancel"]) {
  at("picture").addEventListener(end, (event) => {
    if (event.isPrimary) pen = null;
  });
}

at("clear").addEventListener("click", () => {
  picture.fill(0);
  update();
});

for (const name of EXAMPLES) {
  const file = new Uint8Array(await (await fetch(`${name}.pgm`)).arrayBuffer());
  const grey = file.subarray(file.length - SIDE * SIDE);
  const button = document.createElement("button");
  const canvas = document.createElement("canvas");
  button.type = "button";
  button.title = name.replace("_", " ");
  button.setAttribute("aria-label", button.title);
  button.dataset.example = name;
  canvas.width = canvas.height = SIDE;
  paint(canvas, grey);
  button.append(canvas);
  button.addEventListener("click", () => {
    picture.set(grey);
    update();
  });
  at("examples").append(button);
}
update();
document.documentElement.dataset.ready = "yes";
