// Compares decoders on the same frames in a real browser; `make bench-decoder` builds it, serves it and reads the table.
// None of this is part of the service.
import jsQR from "jsqr";
import decode from "qr/decode.js";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

prepareZXingModule({ overrides: { locateFile: (path) => `/${path}` } });
const canvas = document.createElement("canvas");
const pen = canvas.getContext("2d", { willReadFrequently: true });

const qr = (image) => { try { return decode(image) || ""; } catch { return ""; } };
const DECODERS = {
  qr,
  "zxing-wasm": async (image) => (await readBarcodes(image, { formats: ["QRCode"] }))[0]?.text || "",
  jsqr: (image) => jsQR(image.data, image.width, image.height)?.data || "",
};

async function nativeOne() {
  const formats = globalThis.BarcodeDetector ? await BarcodeDetector.getSupportedFormats() : [];
  const detector = formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  return detector && { BarcodeDetector: async (image) => (await detector.detect(image))[0]?.rawValue || "" };
}

async function picture(address, most) {
  const bitmap = await createImageBitmap(await (await fetch(address)).blob());
  const scale = Math.min(1, most / bitmap.width);
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

export const compare = async (frames, most) => {
  const decoders = { ...DECODERS, ...(await nativeOne()) }, told = {};
  for (const name of Object.keys(decoders)) told[name] = [];
  for (const frame of frames) {
    const image = await picture(frame, most);
    for (const [name, read] of Object.entries(decoders)) {
      if (!told[name].length) await read(image); // compiled, loaded
      const began = performance.now(), text = await read(image);
      told[name].push([text, performance.now() - began]);
    }
  }
  return told;
};
