"""A peer by aiortc: `watch URL` says how many frames came, `publish URL CODEC` sends a
changing picture until its input ends."""

import asyncio
import sys
import urllib.request

from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription, VideoStreamTrack


async def post(url, pc):
    await pc.setLocalDescription(await pc.createOffer())
    request = urllib.request.Request(
        url,
        data=pc.localDescription.sdp.encode(),
        headers={"content-type": "application/sdp"},
        method="POST",
    )
    loop = asyncio.get_event_loop()
    response = await loop.run_in_executor(None, lambda: urllib.request.urlopen(request))
    await pc.setRemoteDescription(RTCSessionDescription(response.read().decode(), "answer"))


async def watch(url):
    pc = RTCPeerConnection()
    pc.addTransceiver("video", direction="recvonly")
    frames = []
    done = asyncio.Event()

    @pc.on("track")
    def on_track(track):
        async def read():
            while len(frames) < 30:
                frames.append(await track.recv())
            done.set()

        asyncio.ensure_future(read())

    await post(url, pc)
    await asyncio.wait_for(done.wait(), 30)
    print(len(frames), frames[-1].width, frames[-1].height)
    await pc.close()


async def publish(url, codec):
    pc = RTCPeerConnection()
    pc.addTrack(VideoStreamTrack())
    known = RTCRtpSender.getCapabilities("video").codecs
    wanted = [one for one in known if one.mimeType.lower() in (f"video/{codec}", "video/rtx")]
    pc.getTransceivers()[0].setCodecPreferences(wanted)
    await post(url, pc)
    await asyncio.get_event_loop().run_in_executor(None, sys.stdin.read)
    await pc.close()


if sys.argv[1] == "watch":
    asyncio.run(watch(sys.argv[2]))
else:
    asyncio.run(publish(sys.argv[2], sys.argv[3]))
