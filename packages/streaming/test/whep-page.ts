/**
 * A page that plays over WHEP, with nothing of ours in it; `window.connection` is its connection. `?audio` hears,
 * `?microphone` hears and speaks.
 */
export const WHEP_PAGE = `<!doctype html><video autoplay playsinline></video><script type=module>
const connection = (window.connection = new RTCPeerConnection());
const query = new URLSearchParams(location.search);
window.messages = [];
const channel = (window.channel = connection.createDataChannel("data"));
channel.onmessage = ({ data }) => window.messages.push(JSON.parse(data));
connection.ontrack = ({ streams, track }) => {
  if (track.kind === "video") document.querySelector("video").srcObject = streams[0] ?? new MediaStream([track]);
};
const video = connection.addTransceiver("video", { direction: "recvonly" });
if (query.has("codec")) {
  const all = RTCRtpReceiver.getCapabilities("video").codecs;
  video.setCodecPreferences(all.filter(({ mimeType }) => mimeType === query.get("codec") || mimeType === "video/rtx"));
}
if (query.has("microphone")) {
  const [track] = (await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false } })).getAudioTracks();
  connection.addTransceiver(track, { direction: "sendrecv" });
}
if (query.has("audio")) connection.addTransceiver("audio", { direction: "recvonly" });
await connection.setLocalDescription();
const started = performance.now();
const response = await fetch("/whep", {
  method: "POST",
  headers: { "content-type": "application/sdp" },
  body: connection.localDescription.sdp,
});
window.status = response.status;
window.session = response.headers.get("location");
window.answered = performance.now() - started;
await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
connection.onicecandidate = () => {};
document.querySelector("video").requestVideoFrameCallback(() => { window.firstFrame = performance.now() - started; });
</script>`;
