/*
 * interop.mjs - both directions between our statements and the npm package `jose`.
 *
 * usage: node interop.mjs PATH-OF-STATEMENT-TOOL
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { calculateJwkThumbprint, compactVerify, CompactSign, exportJWK, generateKeyPair, importJWK } from 'jose';

const tool = process.argv[2];
const HEADER = { alg: 'Ed25519', typ: 'trust+jwt' };
const NOW = Math.floor(Date.now() / 1000);
const DAY = 86400;

function run(command, input) {
	const { status, stdout, stderr } = spawnSync(tool, [command], { input, encoding: 'utf8' });
	assert.equal(status, 0, stderr);
	return stdout.trimEnd().split('\n');
}

const check = (statements) => run('check', statements.map((jws) => `${jws}\n`).join(''));

function idOf(jws) {
	return createHash('sha256').update(jws.slice(0, jws.lastIndexOf('.'))).digest('hex');
}

async function makeKey() {
	const { publicKey, privateKey } = await generateKeyPair('Ed25519', { extractable: true });
	const jwk = await exportJWK(publicKey);
	return { secret: privateKey, x: jwk.x, name: await calculateJwkThumbprint(jwk, 'sha256') };
}

const sign = (claims, key, header = HEADER) =>
	new CompactSign(new TextEncoder().encode(JSON.stringify(claims))).setProtectedHeader(header).sign(key.secret);

const root = await makeKey();
const device = await makeKey();
const claims = (act, key, sub, more) =>
	({ ver: 1, act, iss: root.name, key: key.x, sub, seq: 1, iat: NOW, exp: NOW + 30 * DAY, aud: 'open', ...more });

test('jose verifies what we sign, and finds the names we gave', async () => {
	const statements = run('make');
	assert.equal(statements.length, 10);
	for (const jws of statements) {
		const payload = JSON.parse(Buffer.from(jws.split('.')[1], 'base64url'));
		const jwk = { kty: 'OKP', crv: 'Ed25519', x: payload.key };
		const { protectedHeader } = await compactVerify(jws, await importJWK(jwk, 'Ed25519'), { algorithms: ['Ed25519'] });
		assert.deepEqual(protectedHeader, HEADER, payload.act);
		if (['identity', 'device', 'succeed'].includes(payload.act)) {
			assert.equal(await calculateJwkThumbprint(jwk, 'sha256'), payload.iss, payload.act);
		}
	}
	const acts = statements.map((jws) => JSON.parse(Buffer.from(jws.split('.')[1], 'base64url')).act);
	assert.deepEqual(acts, ['identity', 'device', 'bind', 'vouch', 'block', 'warn', 'revoke', 'guard', 'succeed', 'introduce']);
});

test('we accept what jose signs, with the id it must have', async () => {
	const statements = await Promise.all([
		sign(claims('identity', root, `id:${root.name}`, { body: { signs: 'always' } }), root),
		sign(claims('device', root, `key:${device.name}`, { body: { label: 'Caf\u00e9', role: 'mail' } }), root),
		sign(claims('bind', device, 'addr:alice@example.org'), device),
		sign(claims('vouch', device, 'addr:bob@example.net', { lvl: 3 }), device),
		sign(claims('block', device, 'dom:example.com'), device),
		sign({ ...claims('revoke', device, `key:${device.name}`, { why: 'lost', since: NOW }), exp: undefined }, device),
		sign(claims('vouch', device, 'addr:bob@example.net', { lvl: 1 }), device, { alg: 'EdDSA', typ: 'trust+jwt' }),
	]);
	const answers = check(statements);
	statements.forEach((jws, i) => assert.match(answers[i], new RegExp(`^ok ${idOf(jws)} `), answers[i]));
});

test('we refuse what jose signs but is no statement', async () => {
	const vouch = claims('vouch', device, 'addr:bob@example.net', { lvl: 3 });
	const statements = await Promise.all([
		sign(vouch, device, { ...HEADER, kid: '1' }),
		sign(vouch, device, { alg: 'Ed25519', typ: 'JWT' }),
		sign(vouch, device, { typ: 'trust+jwt', alg: 'Ed25519' }),
		sign({ ...vouch, lvl: 2.5 }, device),
		sign({ ...vouch, '!new': 1 }, device),
		sign({ ...vouch, exp: undefined }, device),
		sign(vouch, root),
	]);
	for (const answer of check(statements)) {
		assert.match(answer, /^refused: /);
	}
});

test('neither accepts a changed byte', async () => {
	const jws = await sign(claims('vouch', device, 'addr:bob@example.net', { lvl: 3 }), device);
	const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: device.x }, 'Ed25519');
	const changed = [60, 200, jws.length - 40].map((at) => jws.slice(0, at) + (jws[at] === 'A' ? 'B' : 'A') + jws.slice(at + 1));
	for (const [i, answer] of check(changed).entries()) {
		assert.match(answer, /^refused: /);
		await assert.rejects(compactVerify(changed[i], key, { algorithms: ['Ed25519'] }));
	}
});
