// grpc-service.js CREDENTIAL KEY CERTIFICATE ADDRESS: a service of gRPC over TLS that answers whoever shows the credential, and says
// when it listens. No messages of a schema: bytes.
'use strict';

const fs = require('node:fs');
const grpc = require(`${process.env.CLIENT_MODULES}/node_modules/@grpc/grpc-js`);

const [credential, key, certificate] = process.argv.slice(2, 5).map((file) => fs.readFileSync(file));
const expected = `Bearer ${credential.toString().trim()}`;
const bytes = (path, requestStream, responseStream) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: (value) => value,
  requestDeserialize: (value) => value,
  responseSerialize: (value) => value,
  responseDeserialize: (value) => value,
});

const trailers = () => {
  const fields = new grpc.Metadata();
  fields.set('said-after', 'the body');
  fields.set('raw-bin', Buffer.from([0, 255, 13, 10]));
  return fields;
};
const refusal = (call) => {
  const shown = call.metadata.get('authorization');
  return shown.length === 1 && shown[0] === expected
    ? null
    : { code: grpc.status.UNAUTHENTICATED, details: 'the service got something else than its credential' };
};

const server = new grpc.Server();
server.addService(
  {
    unary: bytes('/test.Echo/Unary', false, false),
    fails: bytes('/test.Echo/Fails', false, false),
    counts: bytes('/test.Echo/Counts', false, true),
    collects: bytes('/test.Echo/Collects', true, false),
    converses: bytes('/test.Echo/Converses', true, true),
    leaks: bytes('/test.Echo/Leaks', false, false),
  },
  {
    unary: (call, done) => done(refusal(call), call.request, trailers()),
    fails: (call, done) =>
      done(refusal(call) || { code: grpc.status.NOT_FOUND, details: 'no such thing: ä', metadata: trailers() }),
    counts: (call) => {
      if (refusal(call)) {
        call.emit('error', refusal(call));
        return;
      }
      for (let i = 0; i < 100; i++) {
        call.write(Buffer.from(String(i)));
      }
      call.end(trailers());
    },
    collects: (call, done) => {
      let length = 0;
      call.on('data', (piece) => {
        length += piece.length;
      });
      call.on('end', () => done(refusal(call), Buffer.from(String(length)), trailers()));
    },
    converses: (call) => {
      call.on('data', (said) => call.write(Buffer.from(said.toString().toUpperCase())));
      call.on('end', () => call.end(trailers()));
    },
    leaks: (call, done) => {
      const fields = new grpc.Metadata();
      fields.set('leak', credential.toString().trim());
      done(refusal(call), Buffer.alloc(0), fields);
    },
  },
);
const credentials = grpc.ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: certificate }]);
server.bindAsync(process.argv[5], credentials, (error) => {
  if (error) {
    throw error;
  }
  console.log('listening');
});
