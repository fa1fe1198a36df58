// One request for each second since SESSION_BEGIN, in SESSION_SECONDS; a line for each on stdout: second, status.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const modules = createRequire(process.env.CLIENT_MODULES + '/package.json');

/** A package that native-test/clients/packages.sh has installed. */
export const load = (name) => import(pathToFileURL(modules.resolve(name)));

/** Calls for each second what answers a status. */
export async function eachSecond(request) {
    const begin = Number(process.env.SESSION_BEGIN) / 1000;
    for (let second = 0; second < Number(process.env.SESSION_SECONDS); second++) {
        await sleep(Math.max(0, begin + second * 1000 - Date.now()));
        let status;
        try {
            status = await request(second);
        } catch (error) {
            status = error.code ?? 0;
            console.error(error);
        }
        console.log(second, Number(status) || 0);
    }
}
