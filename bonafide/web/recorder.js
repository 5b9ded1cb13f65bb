// Records the microphone as it is: no codec and none of the browser's cleaning, which would change the voice.
import { wav } from "./sound.js";

const SETTINGS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };

/** Starts recording; `heard(seconds, level)` is called as sound arrives. Resolves to a function that ends it and returns a WAV blob. */
export async function record(heard) {
  if (!navigator.mediaDevices) throw new Error("The browser records only on this machine itself or over HTTPS.");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: SETTINGS });
  } catch (error) {
    const denied = error.name === "NotAllowedError";
    throw new Error(denied ? "The microphone was not allowed." : "No microphone can be used: " + error.message);
  }
  const context = new AudioContext();
  await context.audioWorklet.addModule("/tap.js");
  const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
  const parts = [];
  let size = 0;
  tap.port.onmessage = ({ data }) => {
    parts.push(data);
    size += data.length;
    heard(size / context.sampleRate, Math.sqrt(data.reduce((sum, each) => sum + each * each, 0) / data.length));
  };
  context.createMediaStreamSource(stream).connect(tap);
  await context.resume();
  return async () => {
    stream.getTracks().forEach((track) => track.stop());
    const rate = context.sampleRate;
    await context.close();
    return wav(parts, size, rate);
  };
}
