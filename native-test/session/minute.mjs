// The Kubernetes client library, which reads the token file again when what it has is a minute old.
import { eachSecond, load } from './pace.mjs';

const { CoreV1Api, KubeConfig } = await load('@kubernetes/client-node');
const config = new KubeConfig();
config.loadFromOptions({
    // the library's word for "plain http is meant": the gateway is on loopback
    clusters: [{ name: 'cluster', server: `${process.env.SESSION_URL}/minute`, skipTLSVerify: true }],
    users: [{ name: 'user', authProvider: { name: 'tokenFile', config: { tokenFile: process.env.SESSION_TOKEN_FILE } } }],
    contexts: [{ name: 'context', cluster: 'cluster', user: 'user' }],
    currentContext: 'context',
});
const api = config.makeApiClient(CoreV1Api);
await eachSecond(async (second) => {
    await api.listNamespacedPod({ namespace: String(second) });
    return 200;
});
