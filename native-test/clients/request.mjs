// request.mjs fetch|https|undici URL [METHOD]: one request; its answer on stdout, and exit status 1 where it is not 2xx.
import { request as httpsRequest } from 'node:https';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';

const [way, url, method = 'GET'] = process.argv.slice(2);
const ways = {
    async fetch() {
        const answer = await fetch(url, { method });
        return [answer.status, await answer.text()];
    },
    https() {
        return new Promise((resolve, reject) => {
            httpsRequest(url, { method }, async (answer) => resolve([answer.statusCode, await text(answer)]))
                .on('error', reject)
                .end();
        });
    },
    async undici() {
        const { request } = createRequire(process.env.CLIENT_MODULES + '/package.json')('undici');
        const answer = await request(url, { method });
        return [answer.statusCode, await answer.body.text()];
    },
};
const [status, body] = await ways[way]();
console.log(body);
process.exitCode = status >= 200 && status < 300 ? 0 : 1;
