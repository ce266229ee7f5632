// Reads a QR code from a picture: the browser's own detector where it has one, else a decoder that is fetched only then.
let native, decode;

async function ready() {
  if (native === undefined) {
    try {
      const formats = globalThis.BarcodeDetector ? await BarcodeDetector.getSupportedFormats() : [];
      native = formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
    } catch { native = null; }
  }
  if (!native) decode ||= (await import("qr/decode.js")).default;
}

// Fetch what reading needs, before the first picture is there.
export const prepare = ready;

const canvas = document.createElement("canvas");
const pen = canvas.getContext("2d", { willReadFrequently: true });

// The text of a code in a video or picture, drawn with its longer side at most `most` px; "" where there is none.
export async function read(picture, width, height, most, timeLimit) {
  await ready();
  if (native) {
    try {
      return (await native.detect(picture))[0]?.rawValue || "";
    } catch {
      native = null;
      await ready();
    }
  }
  const scale = Math.min(1, most / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  draw(picture);
  return look(timeLimit) || "";
}

// What is clear in a picture is white: a code of black on nothing would be black on black.
function draw(picture) {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
}

function look(timeLimit) {
  const image = pen.getImageData(0, 0, canvas.width, canvas.height);
  try { return decode(image, timeLimit ? { timeLimit } : {}); } catch { return ""; }
}

// A photo has one chance: whole, then smaller, where the big picture's noise is gone.
export async function readPhoto(file) {
  const picture = await createImageBitmap(file);
  try {
    for (const most of [1600, 800, 2600, 480]) {
      const text = await read(picture, picture.width, picture.height, most, 400);
      if (text) return text;
    }
    return "";
  } finally {
    picture.close();
  }
}

// The photo as it is sent where this page reads nothing: smaller, without what the camera wrote beside the picture.
export async function shrink(file, most) {
  const picture = await createImageBitmap(file);
  try {
    const scale = Math.min(1, most / Math.max(picture.width, picture.height));
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    draw(picture);
    return await new Promise((done) => canvas.toBlob((blob) => done(blob || file), "image/jpeg", 0.9));
  } finally {
    picture.close();
  }
}
