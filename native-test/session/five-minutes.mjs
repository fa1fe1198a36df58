// Azure's identity library, which keeps the content of the token file for five minutes. The authority gives that content back,
// and it is what the request carries.
import { eachSecond, load } from './pace.mjs';

const { WorkloadIdentityCredential } = await load('@azure/identity');
const credential = new WorkloadIdentityCredential({
    tenantId: '00000000-0000-0000-0000-000000000001',
    clientId: '00000000-0000-0000-0000-000000000002',
    tokenFilePath: process.env.SESSION_TOKEN_FILE,
    authorityHost: process.env.SESSION_AUTHORITY,
    disableInstanceDiscovery: true,
});
await eachSecond(async (second) => {
    const { token } = await credential.getToken('https://api.example/.default');
    const answer = await fetch(`${process.env.SESSION_URL}/five-minutes/${second}`, {
        headers: { Authorization: `Bearer ${token}` },
    });
    await answer.arrayBuffer();
    return answer.status;
});
