// A client in Node that knows gRPC and nothing of grpc-lb. Started by bin/xds-peers.
//
//   node peer.js TARGET PROTO rate=N until=FILE     N calls a second until the file is there
//   node peer.js TARGET PROTO calls=N               so many, 16 at a time
//
// Writes a line a call, when it has ended: milliseconds since 1970, then "ok" and the reply, or "failed" and why.
'use strict';

const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const xds = require('@grpc/grpc-js-xds');
const loader = require('@grpc/proto-loader');

const CONCURRENCY = 16;
const LONGEST_CONNECT_MILLIS = 30000;
const DEADLINE_MILLIS = 10000;
const TICK_MILLIS = 5;

const [target, proto, ...rest] = process.argv.slice(2);
const options = Object.fromEntries(rest.map((option) => option.split('=', 2)));

xds.register(); // the scheme xds: without it, it is taken for a host's name
const { HelloService } = grpc.loadPackageDefinition(loader.loadSync(proto)).grpclb.sample;
const client = new HelloService(target, grpc.credentials.createInsecure());

let inFlight = 0;

function call(then) {
    inFlight++;
    client.say({ name: 'node' }, { deadline: Date.now() + DEADLINE_MILLIS }, (error, reply) => {
        inFlight--;
        console.log(Date.now(), error ? `failed ${error.message}` : `ok ${reply.value}`);
        then();
    });
}

function callAsOftenAs(calls) {
    let left = calls;
    const next = () => {
        if (left > 0) {
            left--;
            call(next);
        } else if (inFlight === 0) {
            client.close();
            process.exit(); // the stream to the control plane would keep it
        }
    };
    for (let i = 0; i < CONCURRENCY; i++) next();
}

function callAtRate(rate, until) {
    const start = Date.now();
    let made = 0;
    const timer = setInterval(() => {
        if (fs.existsSync(until)) {
            clearInterval(timer);
            callAsOftenAs(0);
            setInterval(() => callAsOftenAs(0), TICK_MILLIS); // until those in flight have ended
            return;
        }
        for (; made < ((Date.now() - start) * rate) / 1000; made++) call(() => {});
    }, TICK_MILLIS);
}

// By a call, and not by client.waitForReady(): some policies connect when they are asked for a server, and not before.
const whenReady = new grpc.Metadata({ waitForReady: true });
client.say({ name: 'first' }, whenReady, { deadline: Date.now() + LONGEST_CONNECT_MILLIS }, (error) => {
    if (error) {
        console.error(`${target}: ${error.message}`);
        process.exit(1);
    }
    if (options.rate) {
        callAtRate(Number(options.rate), options.until);
    } else {
        callAsOftenAs(Number(options.calls));
    }
});
