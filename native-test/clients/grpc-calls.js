// grpc-calls.js ADDRESS CA TOKEN_FILE: calls a service of gRPC in each of the four ways, through what HTTPS_PROXY names, each call
// with a token of its own; ends with 1 where one comes out otherwise.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const grpc = require(`${process.env.CLIENT_MODULES}/node_modules/@grpc/grpc-js`);

const [address, authority, tokenFile] = process.argv.slice(2);
const same = (value) => value;
const client = new grpc.Client(address, grpc.credentials.createSsl(fs.readFileSync(authority)));

const metadata = () => {
  const fields = new grpc.Metadata();
  fields.set('authorization', `Bearer ${fs.readFileSync(tokenFile, 'utf8').trim()}`);
  return fields;
};
const soon = () => ({ deadline: Date.now() + 30_000 });

const unary = (method, request, fields = metadata()) =>
  new Promise((resolve, reject) => {
    let trailers;
    const call = client.makeUnaryRequest(`/test.Echo/${method}`, same, same, request, fields, soon(), (error, value) =>
      // the status comes after the answer
      setImmediate(() => (error ? reject(error) : resolve({ value, trailers }))),
    );
    call.on('status', (status) => {
      trailers = status.metadata;
    });
  });

const checkTrailers = (fields) => {
  assert.deepStrictEqual(fields.get('said-after'), ['the body']);
  assert.deepStrictEqual(fields.get('raw-bin'), [Buffer.from([0, 255, 13, 10])]);
};

const status = (call) => new Promise((resolve, reject) => call.on('status', resolve).on('error', reject));

async function main() {
  const large = Buffer.alloc(3_000_000, 'x');
  for (const request of [Buffer.from('hello'), Buffer.alloc(0), large]) {
    const { value, trailers } = await unary('Unary', request);
    assert.ok(value.equals(request));
    checkTrailers(trailers);
  }
  console.log('unary');

  const all = await Promise.all(Array.from({ length: 60 }, (unused, i) => unary('Unary', Buffer.from(`number ${i}`))));
  all.forEach(({ value }, i) => assert.strictEqual(value.toString(), `number ${i}`));
  console.log('sixty at once');

  const error = await unary('Fails', Buffer.from('x')).then(assert.fail, (failed) => failed);
  assert.strictEqual(error.code, grpc.status.NOT_FOUND);
  assert.strictEqual(error.details, 'no such thing: ä');
  checkTrailers(error.metadata);
  console.log('error with trailers');

  const counting = client.makeServerStreamRequest(
    '/test.Echo/Counts', same, same, Buffer.from('x'), metadata(), soon());
  const counted = [];
  counting.on('data', (value) => counted.push(value.toString()));
  checkTrailers((await status(counting)).metadata);
  assert.deepStrictEqual(counted, Array.from({ length: 100 }, (unused, i) => String(i)));
  console.log('stream of answers');

  const length = await new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest('/test.Echo/Collects', same, same, metadata(), soon(), (failed, value) =>
      failed ? reject(failed) : resolve(value));
    for (let i = 0; i < 20; i++) {
      call.write(Buffer.alloc(100_000));
    }
    call.end();
  });
  assert.strictEqual(length.toString(), '2000000');
  console.log('stream of requests');

  const talk = client.makeBidiStreamRequest('/test.Echo/Converses', same, same, metadata(), soon());
  const ended = status(talk);
  for (const word of ['one', 'two', 'three']) {
    // said only when the one before was answered: nothing is collected on the way
    const answer = new Promise((resolve) => talk.once('data', resolve));
    talk.write(Buffer.from(word));
    assert.strictEqual((await answer).toString(), word.toUpperCase());
  }
  talk.end();
  checkTrailers((await ended).metadata);
  console.log('conversation');

  const hanging = client.makeBidiStreamRequest('/test.Echo/Converses', same, same, metadata(), soon());
  hanging.on('error', () => {});
  const cancelled = new Promise((resolve) => hanging.on('status', resolve));
  hanging.write(Buffer.from('x'));
  hanging.once('data', () => hanging.cancel());
  assert.strictEqual((await cancelled).code, grpc.status.CANCELLED);
  console.log('cancelled');

  const nobody = await unary('Unary', Buffer.from('x'), new grpc.Metadata()).then(assert.fail, (failed) => failed);
  assert.strictEqual(nobody.code, grpc.status.UNAUTHENTICATED);
  console.log('refused without a token');

  const leaked = await unary('Leaks', Buffer.from('x')).then(assert.fail, (failed) => failed);
  assert.notStrictEqual(leaked.code, grpc.status.OK);
  assert.strictEqual(leaked.metadata.get('leak').length, 0);
  console.log('credential in trailers cut off');
}

main().then(
  () => client.close(),
  (failed) => {
    console.error(failed);
    process.exit(1);
  },
);
