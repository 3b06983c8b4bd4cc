// Reads codes from the camera: with the browser's own detector where there is one, else with a decoder of ours that is
// loaded only then.

interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
interface DetectorClass {
  new (options: { readonly formats: readonly string[] }): Detector;
  getSupportedFormats(): Promise<readonly string[]>;
}

/** Ten looks a second find a code at once and leave a phone cool. */
const LOOK_EVERY_MS = 100;
/** A code that stays in the picture is one scan: it counts again once it was away this long. */
const AWAY_MS = 2_500;
/** Enough for 57 modules at arm's length. Pixels of the longer side. */
const MAX_SIDE = 960;

export type Reading = (video: HTMLVideoElement) => Promise<string | null>;

/** Starts the camera at the back, and tells of every code that comes into its picture. Throws if there is none to be had. */
export async function startCamera(
  video: HTMLVideoElement,
  found: (text: string) => Promise<void>,
): Promise<() => void> {
  const wanted = { facingMode: "environment", width: { ideal: 1_280 }, height: { ideal: 720 } };
  const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  video.srcObject = stream;
  await video.play();
  const read = await newReading();
  let running = true;
  const seen = new Map<string, number>();
  const look = async () => {
    if (!running) return;
    const text = document.hidden ? null : await read(video).catch(() => null);
    const nowMs = performance.now();
    if (text !== null) {
      const lastMs = seen.get(text) ?? Number.NEGATIVE_INFINITY;
      seen.set(text, nowMs);
      if (nowMs - lastMs > AWAY_MS) {
        await found(text);
        // However long the answer took, the code was there all the time.
        seen.set(text, performance.now());
      }
    }
    setTimeout(look, LOOK_EVERY_MS);
  };
  void look();
  return () => {
    running = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
}

async function newReading(): Promise<Reading> {
  const { BarcodeDetector } = globalThis as { BarcodeDetector?: DetectorClass };
  const formats: readonly string[] = (await BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
  if (BarcodeDetector && formats.includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  const { decodeQR } = await import("qr/decode.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas to read the camera with");
  return async (video) => {
    const scale = Math.min(1, MAX_SIDE / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    if (canvas.width === 0) return null;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
  };
}
