# Seals and opens ESP with scapy. One JSON request on standard input, one JSON answer on standard output.
# Tunnel mode takes and gives ESP packets without outer headers; transport mode whole IP packets.
import json, sys
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP, SecurityAssociation

request = json.load(sys.stdin)
tunnel = request["mode"] == "tunnel"
Inner = IPv6 if request["version"] == 6 else IP
options = {"auth_algo": "SHA2-256-128", "auth_key": bytes.fromhex(request["auth"])} if request["auth"] else {}
if tunnel:
    options["tunnel_header"] = IP(src="192.0.2.1", dst="192.0.2.2")
sa = SecurityAssociation(ESP, spi=request["spi"], crypt_algo=request["algorithm"], crypt_key=bytes.fromhex(request["key"]),
                         esn_en=request["esn"], esn=request["high"], **options)
answers = []
for item in request["packets"]:
    if request["action"] == "seal":
        packet = Inner(bytes.fromhex(item["inner"]))
        iv = bytes.fromhex(item["iv"]) if item["iv"] else None
        sealed = sa.encrypt(packet, seq_num=item["low"], iv=iv)
        answers.append(bytes(sealed[ESP] if tunnel else sealed).hex())
    else:
        sealed = bytes.fromhex(item["esp"])
        outer = IP(src="192.0.2.1", dst="192.0.2.2", proto=50) / ESP(sealed) if tunnel else Inner(sealed)
        answers.append(bytes(sa.decrypt(outer)).hex())
json.dump(answers, sys.stdout)
