// aws.js FILE [ENDPOINT]: with the AWS SDK for JavaScript and the credentials of its surroundings, puts FILE as it is and as a
// stream, and reads both back; at Amazon's own endpoint, if no other is given.
"use strict";
const fs = require("node:fs");
const { createRequire } = require("node:module");
const modules = createRequire(process.env.CLIENT_MODULES + "/");
const { S3Client, PutObjectCommand, GetObjectCommand } = modules("@aws-sdk/client-s3");

async function main([file, endpoint]) {
    const s3 = new S3Client({ endpoint, forcePathStyle: true, region: "eu-west-1" });
    const content = fs.readFileSync(file);
    const bodies = {
        "js/as it is": content,
        "js/as+a=stream": fs.createReadStream(file),
        "js/small": Buffer.from("small"),
    };
    for (const [Key, Body] of Object.entries(bodies)) {
        await s3.send(new PutObjectCommand({ Bucket: "bucket", Key, Body, ContentLength: Body.length ?? content.length }));
        const back = await (await s3.send(new GetObjectCommand({ Bucket: "bucket", Key }))).Body.transformToByteArray();
        if (!Buffer.from(back).equals(Key === "js/small" ? Body : content)) {
            throw new Error(`another content of ${Key}`);
        }
    }
}

main(process.argv.slice(2)).catch((e) => {
    console.error(e);
    process.exit(1);
});
