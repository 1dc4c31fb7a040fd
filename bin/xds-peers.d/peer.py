"""A client in Python that knows gRPC and nothing of grpc-lb. Started by bin/xds-peers.

    python3 peer.py TARGET rate=N until=FILE     N calls a second until the file is there
    python3 peer.py TARGET calls=N               so many, 16 at a time

Writes a line a call, when it has ended: milliseconds since 1970, then "ok" and the reply, or "failed" and why.
hello_pb2, made of sample-server's proto, has to be on the path.
"""

import os
import sys
import threading
import time

import grpc
import hello_pb2

CONCURRENCY = 16
MAX_IN_FLIGHT_BY_RATE = 1000
LONGEST_CONNECT_SECONDS = 30
DEADLINE_SECONDS = 10


def main(target, *given):
    options = dict(option.split("=", 1) for option in given)
    channel = grpc.insecure_channel(target)
    say = channel.unary_unary(
        "/grpclb.sample.HelloService/Say",
        request_serializer=hello_pb2.HelloRequest.SerializeToString,
        response_deserializer=hello_pb2.HelloReply.FromString,
    )
    # by a call, and not by the channel's state: some policies connect when they are asked for a server, and not before
    say(hello_pb2.HelloRequest(name="first"), timeout=LONGEST_CONNECT_SECONDS, wait_for_ready=True)
    rate = float(options.get("rate", 0))
    limit = MAX_IN_FLIGHT_BY_RATE if rate else CONCURRENCY
    room = threading.Semaphore(limit)

    def ended(call):
        error = call.exception()
        text = f"failed {error.code().name}: {error.details()}" if error else f"ok {call.result().value}"
        os.write(1, f"{time.time_ns() // 1_000_000} {text}\n".encode())  # at once and in one piece, from any thread
        room.release()

    start = time.monotonic()
    made = 0
    while not os.path.exists(options["until"]) if rate else made < int(options["calls"]):
        if rate:
            time.sleep(max(0.0, start + made / rate - time.monotonic()))
        room.acquire()
        say.future(hello_pb2.HelloRequest(name="python"), timeout=DEADLINE_SECONDS).add_done_callback(ended)
        made += 1
    for _ in range(limit):
        room.acquire()


main(*sys.argv[1:])
