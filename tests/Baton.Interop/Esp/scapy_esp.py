# Seals and opens ESP with scapy. One JSON request on standard input, one JSON answer on standard output.
import json, sys
from scapy.layers.inet import IP, UDP
from scapy.layers.ipsec import ESP, SecurityAssociation

request = json.load(sys.stdin)
key = bytes.fromhex(request["key"])
options = {"auth_algo": "SHA2-256-128", "auth_key": bytes.fromhex(request["auth"])} if request["auth"] else {}
if request["auth"]:
    options["auth_algo"] = "SHA2-256-128"
sa = SecurityAssociation(ESP, spi=request["spi"], crypt_algo=request["algorithm"], crypt_key=key,
                         tunnel_header=IP(src="192.0.2.1", dst="192.0.2.2"),
                         esn_en=request["esn"], esn=request["high"], **options)
answers = []
for item in request["packets"]:
    if request["action"] == "seal":
        packet = IP(bytes.fromhex(item["inner"]))
        iv = bytes.fromhex(item["iv"]) if item["iv"] else None
        answers.append(bytes(sa.encrypt(packet, seq_num=item["low"], iv=iv)[ESP]).hex())
    else:
        outer = IP(src="192.0.2.1", dst="192.0.2.2", proto=50) / ESP(bytes.fromhex(item["esp"]))
        answers.append(bytes(sa.decrypt(outer)).hex())
json.dump(answers, sys.stdout)
