"""Opens every SRTP packet of a capture with libsrtp: an implementation that is not ours.

authenticate.py JOB.json: {"streams": [{"file": pcap, "address": "192.0.2.22", "port": 6000, "from": "192.0.2.10", "suite": ..., "key": base64}], "blows": [seconds since the epoch]}
Writes a line of JSON a stream: how many packets were opened, and how many were not and why, before the first blow and after each one.
"""
import base64
import json
import socket
import struct
import sys

from pylibsrtp import Error, Policy, Session

PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}
job = json.load(open(sys.argv[1]))
blows = job["blows"]
streams = {}
for stream in job["streams"]:
    policy = Policy(key=base64.b64decode(stream["key"]), ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=PROFILES[stream["suite"]])
    policy.window_size = 1024
    end = (socket.inet_aton(stream["from"]), socket.inet_aton(stream["address"]), stream["port"])
    streams.setdefault(stream["file"], {})[end] = (Session(policy), {"port": stream["port"], "address": stream["address"], "opened": [0] * (len(blows) + 1), "failed": [0] * (len(blows) + 1), "why": {}})

for name, wanted in streams.items():
    data = open(name, "rb").read()
    at = 24
    while at + 16 <= len(data):
        seconds, micros, length, _ = struct.unpack_from("<IIII", data, at)
        frame = at + 16
        at = frame + length
        if at > len(data) or data[frame + 12:frame + 14] != b"\x08\x00":
            continue
        ip = frame + 14
        udp = ip + (data[ip] & 15) * 4
        payload = data[udp + 8:ip + struct.unpack_from(">H", data, ip + 2)[0]]
        found = wanted.get((data[ip + 12:ip + 16], data[ip + 16:ip + 20], struct.unpack_from(">H", data, udp + 2)[0]))
        if found is None or len(payload) < 12 or payload[0] >> 6 != 2 or 64 <= payload[1] & 0x7f < 96:      # RTCP (RFC 5761 4)
            continue
        phase = sum(1 for blow in blows if seconds + micros / 1e6 > blow)
        session, told = found
        try:
            session.unprotect(payload)
            told["opened"][phase] += 1
        except Error as error:
            told["failed"][phase] += 1
            told["why"][str(error)] = told["why"].get(str(error), 0) + 1
    for _, told in wanted.values():
        print(json.dumps(told))
