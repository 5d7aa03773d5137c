"""Exact frames by PyAV or OpenCV: prints the milliseconds of each as JSON.

usage: frames.py pyav|opencv FILE THREADS FRAME...

PyAV: a loop as a careful user writes it: a table of all pts, then a seek to the key frame before and decoding up to the
frame. OpenCV: CAP_PROP_POS_FRAMES.
"""

import json
import os
import sys
import time

library, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
frames = [int(word) for word in sys.argv[4:]]
took = []

if library == "pyav":
    import av

    with av.open(path) as container:
        stream = container.streams.video[0]
        packets = [p for p in container.demux(stream) if p.pts is not None]
        table = sorted(p.pts for p in packets)
    container = av.open(path)
    stream = container.streams.video[0]
    stream.codec_context.thread_count = threads
    stream.codec_context.thread_type = "AUTO" if threads > 1 else "NONE"
    for frame in frames:
        start = time.perf_counter()
        pts = table[frame]
        container.seek(pts, stream=stream, backward=True, any_frame=False)
        for picture in container.decode(stream):
            if picture.pts >= pts:
                break
        picture.to_ndarray()
        took.append((time.perf_counter() - start) * 1000)
        assert picture.pts == pts, "not the frame that was asked for"
else:
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = f"threads;{threads}"
    import cv2

    capture = cv2.VideoCapture(path)
    for frame in frames:
        start = time.perf_counter()
        capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
        ok, _ = capture.read()
        took.append((time.perf_counter() - start) * 1000)
        assert ok, "no frame"

print(json.dumps(took), flush=True)
# PyAV's decoding threads log through Python, and hang where Python ends under them.
os._exit(0)
