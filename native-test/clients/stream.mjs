// stream.mjs openai|anthropic SEEN [TOKEN]: a streamed completion by that SDK, its text on stdout. SEEN is made when the first
// words are there; the server waits for it before it sends the others. A file TOKEN is read for each request, as the SDK allows.
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const modules = createRequire(process.env.CLIENT_MODULES + '/package.json');
const [name, seen, token] = process.argv.slice(2);
const options = token ? { apiKey: async () => (await readFile(token, 'utf8')).trim() } : {};
const messages = [{ role: 'user', content: 'count to four' }];

/** The words as they come. */
const streams = {
    async *openai() {
        const OpenAI = modules('openai').default;
        const client = new OpenAI(options);
        for await (const chunk of await client.chat.completions.create({ model: 'm', messages, stream: true })) {
            yield chunk.choices[0]?.delta?.content ?? '';
        }
    },
    async *anthropic() {
        const Anthropic = modules('@anthropic-ai/sdk').default;
        const client = new Anthropic(options);
        for await (const event of client.messages.stream({ model: 'm', max_tokens: 16, messages })) {
            yield event.type === 'content_block_delta' ? event.delta.text : '';
        }
    },
};
for await (const words of streams[name]()) {
    if (words) {
        process.stdout.write(words);
        writeFileSync(seen, '');
    }
}
