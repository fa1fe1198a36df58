// npm's macaroon: issue KEYHEX ID CAVEAT..., attenuate CAVEAT... <token, verify KEYHEX <token (exit 0 or 6)
'use strict';
const fs = require('fs');
const {createRequire} = require('module');
// installed below target/, not beside this file
const {newMacaroon, importMacaroon} = createRequire(process.env.INTEROP_MODULES + '/')('macaroon');

const [action, ...rest] = process.argv.slice(2);
const bytes = hex => new Uint8Array(Buffer.from(hex, 'hex'));
const presented = () => importMacaroon(fs.readFileSync(0, 'ascii').trim());

let macaroon;
let caveats = [];
switch (action) {
case 'issue':
  macaroon = newMacaroon({identifier: rest[1], location: '', rootKey: bytes(rest[0]), version: 2});
  caveats = rest.slice(2);
  break;
case 'attenuate':
  macaroon = presented();
  caveats = rest;
  break;
case 'verify':
  macaroon = presented();
  try {
    macaroon.verify(bytes(rest[0]), () => null, []);
  } catch (e) {
    console.log('bad signature');
    process.exit(6);
  }
  console.log('verified');
  process.exit(0);
}
for (const caveat of caveats) {
  macaroon.addFirstPartyCaveat(caveat);
}

// exportBinary of 3.0.4 doubles its buffer at each append and gives up after some twenty: the parts are right in JSON
const exported = macaroon.exportJSON();
const field = (kind, json) => {
  const data = json.i64 !== undefined ? Buffer.from(json.i64, 'base64url') : Buffer.from(json.i);
  const length = data.length < 128 ? [data.length] : [(data.length & 127) | 128, data.length >> 7];
  return Buffer.concat([Buffer.from([kind, ...length]), data]);
};
const end = Buffer.from([0]);
console.log(Buffer.concat([
  Buffer.from([2]),
  field(2, exported), end,
  ...(exported.c || []).flatMap(caveat => [field(2, caveat), end]), end,
  field(6, {i64: exported.s64, i: exported.s}),
]).toString('base64url'));
