/* interop_npm.js - a small program on the npm package acme-client; interop_npm.sh runs it.
 *
 *   node interop_npm.js account MAILBOX
 *   node interop_npm.js rollover
 *   node interop_npm.js issue FILE http-01|dns-01 KEYTYPE NAME...
 *   node interop_npm.js end FILE
 *
 * The environment: URL (the directory), ACCOUNT (file of the account's key), HTTP_PORT,
 * DNS_HOOK.  issue writes FILE.crt and FILE.key; end revokes FILE.crt and
 * deactivates the account. */
'use strict';

const acme = require('acme-client');
const { execFileSync } = require('child_process');
const fs = require('fs');
const http = require('http');

const { URL: directoryUrl, ACCOUNT: keyFile, HTTP_PORT, DNS_HOOK } = process.env;
const PREFIX = '/.well-known/acme-challenge/';

function makeClient() {
	return new acme.Client({
		directoryUrl,
		accountKey: fs.readFileSync(keyFile),
		backoffAttempts: 10,
		backoffMin: 100,
		backoffMax: 1000,
	});
}

async function account(mailbox) {
	if (!fs.existsSync(keyFile)) {
		fs.writeFileSync(keyFile, await acme.crypto.createPrivateEcdsaKey());
	}
	const client = makeClient();
	await client.createAccount({ termsOfServiceAgreed: true, contact: [`mailto:${mailbox}`] });
	const after = await client.updateAccount({ contact: [`mailto:second.${mailbox}`] });
	if (after.contact[0] !== `mailto:second.${mailbox}`) {
		throw new Error(`contact is ${after.contact}`);
	}
	console.log(client.getAccountUrl());
}

/* The same account by its new key, and none by its old one. */
async function rollover() {
	const client = makeClient();
	await client.createAccount({ onlyReturnExisting: true });
	const url = client.getAccountUrl();
	const key = await acme.crypto.createPrivateRsaKey(2048);
	const old = makeClient();

	await client.updateAccountKey(key);
	fs.writeFileSync(keyFile, key);
	const again = makeClient();
	await again.createAccount({ onlyReturnExisting: true });
	if (again.getAccountUrl() !== url) {
		throw new Error(`another account: ${again.getAccountUrl()}`);
	}
	await old.createAccount({ onlyReturnExisting: true }).then(
		() => { throw new Error('the old key is still known'); },
		(error) => {
			if (!/no account/i.test(error.message)) {
				throw error;
			}
		});
	console.log(url);
}

const answers = new Map();

function answer(request, response) {
	const text = answers.get(request.url);

	response.statusCode = text === undefined ? 404 : 200;
	response.end(text);
}

function publish(action, authz, challenge, keyAuthorization) {
	const name = authz.identifier.value;

	if (challenge.type === 'dns-01') {
		execFileSync(DNS_HOOK, [action, `_acme-challenge.${name}`, keyAuthorization]);
	} else if (action === 'add') {
		answers.set(PREFIX + challenge.token, keyAuthorization);
	} else {
		answers.delete(PREFIX + challenge.token);
	}
}

async function issue(file, type, keyType, ...names) {
	const key = keyType === 'rsa' ? await acme.crypto.createPrivateRsaKey(2048)
		: await acme.crypto.createPrivateEcdsaKey(keyType);
	const [, csr] = await acme.crypto.createCsr({ commonName: names[0], altNames: names }, key);
	const server = http.createServer(answer);

	await new Promise((done) => { server.listen(HTTP_PORT, '127.0.0.1', done); });
	const chain = await makeClient().auto({
		csr,
		termsOfServiceAgreed: true,
		challengePriority: [type],
		skipChallengeVerification: true,
		challengeCreateFn: async (...what) => publish('add', ...what),
		challengeRemoveFn: async (...what) => publish('delete', ...what),
	});
	server.close();
	server.closeAllConnections();
	fs.writeFileSync(`${file}.crt`, chain);
	fs.writeFileSync(`${file}.key`, key);
}

async function end(file) {
	const client = makeClient();

	await client.createAccount({ termsOfServiceAgreed: true });
	await client.revokeCertificate(fs.readFileSync(`${file}.crt`), { reason: 4 });
	await client.updateAccount({ status: 'deactivated' });
}

const commands = { account, rollover, issue, end };

commands[process.argv[2]](...process.argv.slice(3)).catch((error) => {
	console.error(error);
	process.exitCode = 1;
});
