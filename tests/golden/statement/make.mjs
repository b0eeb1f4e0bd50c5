#!/usr/bin/env node
/*
 * make.mjs - writes valid.txt and refused.txt, independently of the C code: JSON, base64url,
 * SHA-256 and Ed25519 are node's own.
 *
 * usage: node make.mjs        (in this directory; then read the diff)
 *
 * Both files hold one case a line, fields separated by tabs:
 *
 *	valid.txt    label  canonical|foreign  seed of the signing key  id  JWS  payload
 *	refused.txt  label  error code  JWS  payload
 *
 * A canonical statement is what our encoder writes for the same facts, byte for byte; a
 * foreign one is spelled in another way that has to be understood too.
 */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const DAY = 86400;
const IAT = 1767225600; // 2026-01-01T00:00:00Z
const HEADER = '{"alg":"Ed25519","typ":"trust+jwt"}';
const HEADER_OLD = '{"alg":"EdDSA","typ":"trust+jwt"}';
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const INT64_MAX = '9223372036854775807';

const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

function makeKey(byte) {
	const seed = Buffer.alloc(32, byte);
	const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
	const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
	const x = createPublicKey(secret).export({ format: 'jwk' }).x;
	const name = b64(sha256(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`));
	return { seed: seed.toString('hex'), secret, x, name };
}

const alice = makeKey(1); // root
const laptop = makeKey(2); // a device of alice's
const next = makeKey(3); // alice's committed next root
const bob = makeKey(4); // another root
const friends = [5, 6, 7, 8, 9, 10, 11, 12].map(makeKey);

/** A whole JWS of payload text (or bytes) signed by key. */
function jws(payload, key, header = HEADER) {
	const input = `${b64(header)}.${b64(payload)}`;
	return `${input}.${b64(sign(null, Buffer.from(input), key.secret))}`;
}

/** Claims of a statement in the order they are written; changes replace, undefined removes. */
function claims(act, key, sub, changes = {}) {
	const order = ['ver', 'act', 'iss', 'key', 'sub', 'seq', 'iat', 'exp', 'lvl', 'aud', 'why', 'since', 'body'];
	const all = { ver: 1, act, iss: alice.name, key: key.x, sub, seq: 1, iat: IAT, exp: IAT + 180 * DAY, aud: 'open', ...changes };
	const known = order.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]);
	const others = Object.entries(all).filter(([name, value]) => !order.includes(name) && value !== undefined);
	return JSON.stringify(Object.fromEntries([...known, ...others]));
}

const self = `id:${alice.name}`;
const BOB = 'addr:bob@example.net';
const vouch = (changes, sub = BOB) => claims('vouch', laptop, sub, { lvl: 2, ...changes });
const block = (changes, sub = 'addr:mallory@example.com') => claims('block', laptop, sub, changes);
const identity = (changes) => claims('identity', alice, self, changes);
const device = (changes, sub = `key:${laptop.name}`) => claims('device', alice, sub, { body: { role: 'mail' }, ...changes });
const bind = (changes, sub = 'addr:alice@example.org') => claims('bind', laptop, sub, changes);
const warn = (changes, sub = 'addr:mallory@example.com') =>
	claims('warn', laptop, sub, { exp: IAT + 90 * DAY, aud: 'peers', why: 'spam', ...changes });
const revoke = (key, sub, changes) => claims('revoke', key, sub, { exp: undefined, why: 'hacked', since: IAT, ...changes });
const guard = (changes, sub = `id:${bob.name}`) => claims('guard', laptop, sub, { why: 'hacked', ...changes });
const succeed = (changes, sub = self) => claims('succeed', next, sub, { iss: next.name, ...changes });
const introduce = (changes, sub = 'addr:carol@example.net') =>
	claims('introduce', laptop, sub, { exp: IAT + 30 * DAY, body: { to: BOB }, ...changes });
const guardians = (n, needed) => ({ guardians: friends.slice(0, n).map((f) => f.name).join(' '), needed });
const stmt = `stmt:${b64(sha256('an earlier statement'))}`;

const valid = [];
const refused = [];

function accept(label, payload, key = laptop, spelling = 'canonical', header = HEADER) {
	const text = jws(payload, key, header);
	const id = sha256(text.slice(0, text.lastIndexOf('.'))).toString('hex');
	valid.push([label, spelling, key.seed, id, text, payload]);
}

function foreign(label, payload, key = laptop, header = HEADER) {
	accept(label, payload, key, 'foreign', header);
}

function refuse(label, code, payload, key = laptop, header = HEADER) {
	const shown = typeof payload === 'string' ? payload : payload.toString('latin1');
	refused.push([label, code, jws(payload, key, header), shown.replace(/[^ -~]/g, '?')]);
}

function refuseText(label, code, text) {
	refused.push([label, code, text, '-']);
}

/* --- statements of every act ---------------------------------------------------------- */

accept('identity', identity(), alice);
accept('identity that commits a next root', identity({ body: { next: next.name } }), alice);
accept('identity with guardians', identity({ body: { next: next.name, ...guardians(3, 2), signs: 'always' } }), alice);
accept('identity with as many guardians as there may be', identity({ body: { next: next.name, ...guardians(7, 7), signs: 'always' } }), alice);
accept('identity for the longest time', identity({ exp: IAT + 400 * DAY }), alice);
accept('device', device(), alice);
accept('device with a label', device({ body: { role: 'mail', label: 'B\u00fcro "links" \\' } }), alice);
accept('device of a node', device({ body: { role: 'node', label: 'mx1' } }), alice);
accept('bind by a device', bind());
accept('bind by the root', claims('bind', alice, 'addr:alice@example.org'), alice);
accept('bind withdrawn', bind({ seq: 2, lvl: 0 }));
accept('vouch for an address', vouch());
accept('vouch for an identity', vouch({ lvl: 3 }, `id:${bob.name}`));
accept('vouch for a domain', vouch({ lvl: 1 }, 'dom:example.net'));
accept('vouch for a domain of A-labels', vouch({}, 'dom:xn--bcher-kva.example'));
accept('vouch for a list', vouch({}, 'list:dev.lists.example.org'));
accept('vouch withdrawn, with a reason', vouch({ seq: 2, lvl: 0, why: 'spam' }));
accept('vouch for direct peers only', vouch({ aud: 'peers' }));
accept('vouch for the longest time', vouch({ exp: IAT + 400 * DAY }));
accept('vouch for one second', vouch({ exp: IAT + 1 }));
accept('vouch with the greatest seq', vouch().replace('"seq":1,', `"seq":${INT64_MAX},`));
accept('vouch with seq 0', vouch({ seq: 0 }));
accept('vouch at time 0', vouch({ iat: 0, exp: 1 }));
accept('vouch for a quoted local part', vouch({}, 'addr:"bob \\"b\\" \\\\"@example.net'));
accept('vouch for a local part with capitals', vouch({}, 'addr:Bob.B@example.net'));
accept('vouch signed by the root', claims('vouch', alice, BOB, { lvl: 2 }), alice);
accept('block', block());
accept('block with a reason', block({ why: 'spam' }));
accept('block withdrawn', block({ seq: 2, lvl: 0 }));
accept('block of a domain', block({}, 'dom:example.com'));
accept('warn', warn());
accept('warn withdrawn', warn({ seq: 2, lvl: 0 }));
accept('revoke a device by the root', revoke(alice, `key:${laptop.name}`), alice);
accept('revoke a device by itself', revoke(laptop, `key:${laptop.name}`, { why: 'lost' }));
accept('revoke an identity', revoke(alice, self, { why: 'retired' }), alice);
accept('revoke an identity, from the beginning', revoke(alice, self, { since: 0 }), alice);
accept('revoke an identity, on paper', revoke(alice, self, { why: undefined }).replace(/"since":\d+/, `"since":${INT64_MAX}`), alice);
accept('revoke a statement', revoke(laptop, stmt, { why: 'wrong', since: undefined }));
accept('guard', guard());
accept('guard withdrawn', guard({ seq: 2, lvl: 0, why: undefined }));
accept('succeed', succeed(), next);
accept('introduce', introduce());
{
	/* Base64url has no length that would make 1,024 behind our header: 666 bytes give 1,023, one more 1,025. */
	const withPadding = (size) => {
		const domain = `${'x'.repeat(61)}.`.repeat(3);
		const make = (labels) => introduce({ body: { to: `addr:bob@${labels}x.example` } }, `addr:carol@${domain}example`);
		const missing = size - make('').length;
		return make(`${'y'.repeat(49)}.`.repeat(10).slice(0, missing));
	};
	accept('the longest we write', withPadding(666));
	foreign('the longest there is', withPadding(669), laptop, HEADER_OLD);
	refuse('one byte longer', 'ERR_TOOBIG', withPadding(667));
	refuse('one byte longer, behind the shorter header', 'ERR_TOOBIG', withPadding(670), laptop, HEADER_OLD);
}

/* --- other spellings --------------------------------------------------------------------- */

foreign('the older name of the algorithm', vouch(), laptop, HEADER_OLD);
foreign('claims in another order', JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(vouch())).reverse())));
foreign('white space', JSON.stringify(JSON.parse(vouch()), null, 2) + '\n');
foreign('escapes', vouch().replace('bob@', 'bob\\u0040').replace('"act"', '"\\u0061ct"'));
foreign('no aud', vouch({ aud: undefined }));
foreign('block with lvl 1', block({ lvl: 1 }));
foreign('unknown claims', vouch({ note: 'for later', number: -5, flag: true, nothing: null, small: { a: 1 }, list: [1, 'x'] }));
foreign('unknown members of body', device({ body: { role: 'mail', colour: 'blue' } }), alice);
foreign('a body where none is defined', vouch({ body: { note: 'x' } }));
foreign('device without body', device({ body: undefined }), alice);
foreign('a claim that holds a "!" elsewhere', vouch({ 'a!': 1 }));

/* --- around the payload ------------------------------------------------------------------- */

const good = jws(vouch(), laptop);
const [goodHeader, goodPayload, goodSignature] = good.split('.');

refuseText('empty', 'ERR_INVALID', '');
refuseText('only a header', 'ERR_INVALID', goodHeader);
refuseText('no signature', 'ERR_INVALID', `${goodHeader}.${goodPayload}`);
refuseText('empty signature', 'ERR_INVALID', `${goodHeader}.${goodPayload}.`);
refuseText('empty payload', 'ERR_INVALID', `${goodHeader}..${goodSignature}`);
refuseText('four parts', 'ERR_INVALID', `${good}.AAAA`);
refuseText('signature one character short', 'ERR_INVALID', good.slice(0, -1));
refuseText('signature one character more', 'ERR_INVALID', `${good}A`);
refuseText('signature with padding', 'ERR_INVALID', `${good}==`);
refuseText('payload with padding', 'ERR_INVALID', `${goodHeader}.${goodPayload}=.${goodSignature}`);
refuseText('plain base64 in the signature', 'ERR_INVALID', good.slice(0, -86) + '+' + good.slice(-85));
refuseText('a blank before', 'ERR_INVALID', ` ${good}`);
refuseText('a blank behind', 'ERR_INVALID', `${good} `);
refuseText('1,025 bytes of anything', 'ERR_TOOBIG', 'A'.repeat(1025));
for (const [label, header] of [
	['header: alg none', '{"alg":"none","typ":"trust+jwt"}'],
	['header: alg HS256', '{"alg":"HS256","typ":"trust+jwt"}'],
	['header: alg ES256', '{"alg":"ES256","typ":"trust+jwt"}'],
	['header: members in the other order', '{"typ":"trust+jwt","alg":"Ed25519"}'],
	['header: white space', '{"alg": "Ed25519","typ":"trust+jwt"}'],
	['header: another typ', '{"alg":"Ed25519","typ":"JWT"}'],
	['header: no typ', '{"alg":"Ed25519"}'],
	['header: kid', '{"alg":"Ed25519","typ":"trust+jwt","kid":"1"}'],
	['header: crit', '{"alg":"Ed25519","typ":"trust+jwt","crit":["b64"],"b64":false}'],
	['header: jwk', `{"alg":"Ed25519","typ":"trust+jwt","jwk":{"crv":"Ed25519","kty":"OKP","x":"${laptop.x}"}}`],
	['header: lower case', '{"alg":"ed25519","typ":"trust+jwt"}'],
	['header: empty', ''],
]) {
	refuse(label, 'ERR_INVALID', vouch(), laptop, header);
}

/* --- signatures ---------------------------------------------------------------------------- */

function withSignature(change) {
	const bytes = Buffer.from(goodSignature, 'base64url');
	change(bytes);
	return `${goodHeader}.${goodPayload}.${b64(bytes)}`;
}

refuse('signed by another key', 'ERR_SIGNATURE', vouch(), bob);
refuseText('signature of another statement', 'ERR_SIGNATURE', `${goodHeader}.${goodPayload}.${jws(block(), laptop).split('.')[2]}`);
refuseText('signature made for the other header', 'ERR_SIGNATURE', `${b64(HEADER_OLD)}.${goodPayload}.${goodSignature}`);
refuseText('signature of zeros', 'ERR_SIGNATURE', withSignature((bytes) => bytes.fill(0)));
refuseText('signature: S + L', 'ERR_SIGNATURE', withSignature((bytes) => {
	let s = BigInt('0x' + Buffer.from(bytes.subarray(32)).reverse().toString('hex')) + GROUP_ORDER;
	for (let i = 32; i < 64; i++, s >>= 8n) {
		bytes[i] = Number(s & 0xffn);
	}
}));
refuseText('signature: R flipped', 'ERR_SIGNATURE', withSignature((bytes) => { bytes[0] ^= 1; }));

/* A key of small order: R the neutral element and S 0 would hold for every message. */
const neutral = Buffer.alloc(64);
neutral[0] = 1;
for (const [label, hex] of [
	['key of order 1', '01' + '00'.repeat(31)],
	['key of order 2', 'ec' + 'ff'.repeat(30) + '7f'],
	['key of order 4', '00'.repeat(32)],
	['key of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
	['key that is not canonical', 'ee' + 'ff'.repeat(30) + '7f'],
]) {
	const payload = vouch({ key: b64(Buffer.from(hex, 'hex')) });
	refused.push([label, 'ERR_INVALID', `${goodHeader}.${b64(payload)}.${b64(neutral)}`, payload]);
}

/* --- JSON ------------------------------------------------------------------------------------ */

refuse('not JSON', 'ERR_INVALID', 'statement');
refuse('a list', 'ERR_INVALID', '[]');
refuse('a string', 'ERR_INVALID', '"vouch"');
refuse('a number', 'ERR_INVALID', '1');
refuse('an empty object', 'ERR_INVALID', '{}');
refuse('cut', 'ERR_INVALID', vouch().slice(0, -1));
refuse('bytes behind the object', 'ERR_INVALID', vouch() + 'x');
refuse('two objects', 'ERR_INVALID', vouch() + vouch().slice(0, 2) + '}');
refuse('a NUL behind the object', 'ERR_INVALID', vouch() + '\0');
refuse('a NUL behind a number', 'ERR_INVALID', vouch().replace('"seq":1', '"seq":1\0'));
refuse('a NUL in a string', 'ERR_INVALID', vouch().replace('bob', 'b\0b'));
refuse('an escaped NUL in a string', 'ERR_INVALID', vouch().replace('bob', 'b\\u0000b'));
refuse('an escaped NUL in a name', 'ERR_INVALID', vouch({ X: 1 }).replace('"X"', '"\\u0000"'));
refuse('a control character in a string', 'ERR_INVALID', vouch({ note: 'X' }).replace('X', '\n'));
refuse('invalid UTF-8', 'ERR_INVALID', Buffer.concat([Buffer.from(vouch({ note: 'X' }).replace('X"}', '')), Buffer.from([0xff]), Buffer.from('"}')]));
refuse('overlong UTF-8', 'ERR_INVALID', Buffer.concat([Buffer.from(vouch({ note: 'X' }).replace('X"}', '')), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]));
refuse('a lone surrogate', 'ERR_INVALID', vouch({ note: 'X' }).replace('X', '\\ud800'));
refuse('a byte order mark', 'ERR_INVALID', '\ufeff' + vouch());
refuse('a comment', 'ERR_INVALID', vouch() + '/* */');
refuse('a comma too many', 'ERR_INVALID', vouch().replace('}', ',}'));
refuse('single quotes', 'ERR_INVALID', vouch().replaceAll('"', "'"));
refuse('a claim twice', 'ERR_INVALID', vouch().replace('"lvl":2', '"lvl":2,"lvl":2'));
refuse('a claim twice, once escaped', 'ERR_INVALID', vouch().replace('"lvl":2', '"lvl":2,"\\u006cvl":3'));
refuse('an unknown claim twice', 'ERR_INVALID', vouch({ note: 1 }).replace('"note":1', '"note":1,"note":2'));
refuse('a member of body twice', 'ERR_INVALID', device().replace('"role":"mail"', '"role":"mail","role":"node"'), alice);
refuse('nested 3 deep', 'ERR_INVALID', vouch({ note: { a: {} } }));
refuse('nested 3 deep in lists', 'ERR_INVALID', vouch({ note: [[]] }));
refuse('nested 100 deep', 'ERR_INVALID', vouch({ note: 0 }).replace('"note":0', `"note":${'['.repeat(100)}${']'.repeat(100)}`));
refuse('nested 3 deep in body', 'ERR_INVALID', device({ body: { role: 'mail', list: [] } }), alice);
refuse('an integer written 1.0', 'ERR_INVALID', vouch().replace('"seq":1,', '"seq":1.0,'));
refuse('an integer written 1e3', 'ERR_INVALID', vouch().replace('"seq":1,', '"seq":1e3,'));
refuse('a fraction in an unknown claim', 'ERR_INVALID', vouch({ note: 0.5 }));
refuse('a fraction deep inside', 'ERR_INVALID', vouch({ note: [0.5] }));
refuse('an integer above int64', 'ERR_RANGE', vouch().replace('"seq":1,', '"seq":9223372036854775808,'));
refuse('an integer below int64', 'ERR_RANGE', vouch({ note: 0 }).replace('"note":0', '"note":-9223372036854775809'));
refuse('a number beyond any', 'ERR_INVALID', vouch({ note: 0 }).replace('"note":0', '"note":1e999'));
refuse('an integer with a leading zero', 'ERR_INVALID', vouch().replace('"seq":1,', '"seq":01,'));
refuse('an integer with a plus', 'ERR_INVALID', vouch().replace('"seq":1,', '"seq":+1,'));
refuse('a claim that must be understood', 'ERR_UNSUPPORTED', vouch({ '!quorum': 2 }));
refuse('a claim named "!"', 'ERR_UNSUPPORTED', vouch({ '!': null }));
refuse('a member of body that must be understood', 'ERR_UNSUPPORTED', device({ body: { role: 'mail', '!hsm': 1 } }), alice);

/* --- single claims --------------------------------------------------------------------------- */

for (const name of ['ver', 'act', 'iss', 'key', 'sub', 'seq', 'iat', 'exp', 'lvl']) {
	refuse(`no ${name}`, 'ERR_INVALID', vouch({ [name]: undefined }));
	refuse(`${name} is null`, 'ERR_INVALID', vouch({ [name]: null }));
	refuse(`${name} is a list`, 'ERR_INVALID', vouch({ [name]: [] }));
}
refuse('aud is a number', 'ERR_INVALID', vouch({ aud: 1 }));
refuse('why is a number', 'ERR_INVALID', vouch({ why: 1 }));
refuse('since is a string', 'ERR_INVALID', revoke(alice, self, { since: 'now' }), alice);
refuse('body is a string', 'ERR_INVALID', device({ body: 'mail' }), alice);
refuse('body is a list', 'ERR_INVALID', device({ body: ['mail'] }), alice);
refuse('ver 0', 'ERR_VERSION', vouch({ ver: 0 }));
refuse('ver 2', 'ERR_VERSION', vouch({ ver: 2 }));
refuse('ver is text', 'ERR_INVALID', vouch({ ver: '1' }));
refuse('an unknown act', 'ERR_UNSUPPORTED', vouch({ act: 'praise' }));
refuse('act in capitals', 'ERR_UNSUPPORTED', vouch({ act: 'Vouch' }));
refuse('iss one character short', 'ERR_INVALID', vouch({ iss: alice.name.slice(1) }));
refuse('iss with a prefix', 'ERR_INVALID', vouch({ iss: self }));
refuse('iss with spare bits', 'ERR_INVALID', vouch({ iss: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l' }));
refuse('key one character short', 'ERR_INVALID', vouch({ key: laptop.x.slice(1) }));
refuse('lvl 4', 'ERR_RANGE', vouch({ lvl: 4 }));
refuse('lvl -1', 'ERR_RANGE', vouch({ lvl: -1 }));
refuse('lvl 257', 'ERR_RANGE', vouch({ lvl: 257 }));
refuse('lvl true', 'ERR_INVALID', vouch({ lvl: true }));
refuse('seq -1', 'ERR_RANGE', vouch({ seq: -1 }));
refuse('seq as text', 'ERR_INVALID', vouch({ seq: '1' }));
refuse('iat -1', 'ERR_RANGE', vouch({ iat: -1 }));
refuse('iat beyond the year 9999', 'ERR_RANGE', vouch({ iat: 253402300800, exp: 253402300801 }));
refuse('exp beyond the year 9999', 'ERR_RANGE', vouch({ iat: 253402300799, exp: 253402300800 }));
refuse('exp -1', 'ERR_RANGE', vouch({ exp: -1 }));
refuse('since -1', 'ERR_RANGE', revoke(alice, self, { since: -1 }), alice);
refuse('an unknown aud', 'ERR_INVALID', vouch({ aud: 'all' }));
refuse('private is never a statement', 'ERR_INVALID', vouch({ aud: 'private' }));
refuse('an unknown why', 'ERR_INVALID', block({ why: 'ugly' }));
refuse('an empty why', 'ERR_INVALID', block({ why: '' }));

/* --- subjects -------------------------------------------------------------------------------- */

refuse('a sealed subject', 'ERR_UNSUPPORTED', vouch({}, 'seal:AAAA'));
for (const sub of ['', 'bob@example.net', 'mail:bob@example.net', 'ADDR:bob@example.net', 'addr:', 'addr:bob',
	'addr:@example.net', 'addr:bob@', 'addr:a@b@example.net', 'addr: bob@example.net', 'addr:bob@EXAMPLE.net',
	'addr:bob@example.net.', 'addr:"bob"@example.net', 'addr:bob@b\u00fccher.example', 'addr:<bob@example.net>',
	'dom:', 'dom:Example.net', 'dom:.example.net', 'dom:b\u00fccher.example', 'dom:[192.0.2.1]', 'dom:-x.example',
	'list:', 'list:Dev.lists.example.org', 'list:<dev.lists.example.org>', 'list:dev..example.org',
	'id:', `id:${bob.name}A`, `id:${bob.name.slice(1)}`]) {
	refuse(`subject "${sub}"`, 'ERR_INVALID', vouch({}, sub));
}

const everySubject = { id: `id:${bob.name}`, addr: BOB, dom: 'dom:example.net', list: 'list:dev.lists.example.org', key: `key:${laptop.name}`, stmt };
const acts = {
	identity: [(sub) => claims('identity', alice, sub), alice, ['id']],
	device: [(sub) => device({}, sub), alice, ['key']],
	bind: [(sub) => bind({}, sub), laptop, ['addr']],
	vouch: [(sub) => vouch({}, sub), laptop, ['id', 'addr', 'dom', 'list']],
	block: [(sub) => block({}, sub), laptop, ['id', 'addr', 'dom', 'list']],
	warn: [(sub) => warn({}, sub), laptop, ['id', 'addr', 'dom', 'list']],
	revoke: [(sub) => revoke(laptop, sub), laptop, ['id', 'key', 'stmt']],
	guard: [(sub) => guard({}, sub), laptop, ['id']],
	succeed: [(sub) => succeed({}, sub), next, ['id']],
	introduce: [(sub) => introduce({}, sub), laptop, ['id', 'addr']],
};
for (const [act, [make, key, kinds]] of Object.entries(acts)) {
	for (const [kind, sub] of Object.entries(everySubject)) {
		if (!kinds.includes(kind)) {
			refuse(`${act} of ${kind}:`, 'ERR_INVALID', make(sub), key);
		}
	}
}

/* --- what each act must and must not have ------------------------------------------------------ */

const typical = {
	identity: [identity, alice, 400], device: [device, alice, 180], bind: [bind, laptop, 400], vouch: [vouch, laptop, 400],
	block: [block, laptop, 400], warn: [warn, laptop, 90], guard: [guard, laptop, 400], succeed: [succeed, next, 400],
	introduce: [introduce, laptop, 30],
};
for (const [act, [make, key, days]] of Object.entries(typical)) {
	refuse(`${act} without exp`, 'ERR_INVALID', make({ exp: undefined }), key);
	refuse(`${act} for a second too long`, 'ERR_RANGE', make({ exp: IAT + days * DAY + 1 }), key);
	refuse(`${act} that ends when it begins`, 'ERR_RANGE', make({ exp: IAT }), key);
	refuse(`${act} that ends before it begins`, 'ERR_RANGE', make({ exp: IAT - 1 }), key);
	refuse(`${act} with since`, 'ERR_INVALID', make({ since: IAT }), key);
}
for (const act of ['identity', 'device', 'succeed']) {
	refuse(`${act} with lvl`, 'ERR_INVALID', typical[act][0]({ lvl: 1 }), typical[act][1]);
}
for (const act of ['identity', 'device', 'bind', 'succeed', 'introduce']) {
	refuse(`${act} with why`, 'ERR_INVALID', typical[act][0]({ why: 'wrong' }), typical[act][1]);
}
refuse('revoke with exp', 'ERR_INVALID', revoke(alice, self, { exp: IAT + DAY }), alice);
refuse('revoke with lvl', 'ERR_INVALID', revoke(alice, self, { lvl: 0 }), alice);
refuse('revoke of an identity without since', 'ERR_INVALID', revoke(alice, self, { since: undefined }), alice);
refuse('revoke of a key without since', 'ERR_INVALID', revoke(alice, `key:${laptop.name}`, { since: undefined }), alice);
refuse('warn to everybody', 'ERR_INVALID', warn({ aud: 'open' }));
refuse('introduce without body', 'ERR_INVALID', introduce({ body: undefined }));
refuse('introduce to nobody', 'ERR_INVALID', introduce({ body: {} }));
refuse('introduce to a domain', 'ERR_INVALID', introduce({ body: { to: 'dom:example.net' } }));
refuse('introduce to an address that is not canonical', 'ERR_INVALID', introduce({ body: { to: 'addr:bob@Example.net' } }));

/* --- who signs --------------------------------------------------------------------------------- */

refuse('identity signed by a device', 'ERR_INVALID', claims('identity', laptop, self), laptop);
refuse('identity of somebody else', 'ERR_INVALID', claims('identity', alice, `id:${bob.name}`), alice);
refuse('device signed by a device', 'ERR_INVALID', claims('device', laptop, `key:${next.name}`, { body: { role: 'mail' } }), laptop);
refuse('device that is the root', 'ERR_INVALID', device({}, `key:${alice.name}`), alice);
refuse('succeed signed by the old root', 'ERR_INVALID', claims('succeed', alice, self, { iss: next.name }), alice);
refuse('succeed of itself', 'ERR_INVALID', succeed({}, `id:${next.name}`), next);
refuse('guard of itself', 'ERR_INVALID', guard({}, self));
refuse('revoke an identity by a device', 'ERR_INVALID', revoke(laptop, self));
refuse('revoke the identity of somebody else', 'ERR_INVALID', revoke(alice, `id:${bob.name}`), alice);
refuse('revoke a device by another device', 'ERR_INVALID', revoke(laptop, `key:${next.name}`));

/* --- bodies -------------------------------------------------------------------------------------- */

for (const [label, code, body] of [
	['next is a number', 'ERR_INVALID', { next: 1 }],
	['next is no thumbprint', 'ERR_INVALID', { next: 'x' }],
	['next is the identity itself', 'ERR_INVALID', { next: alice.name }],
	['guardians is a number', 'ERR_INVALID', { guardians: 1, needed: 1 }],
	['guardians is empty', 'ERR_INVALID', { guardians: '', needed: 1 }],
	['guardians with two spaces', 'ERR_INVALID', { guardians: `${friends[0].name}  ${friends[1].name}`, needed: 1 }],
	['guardians with a space behind', 'ERR_INVALID', { guardians: `${friends[0].name} `, needed: 1 }],
	['guardians with a comma', 'ERR_INVALID', { guardians: `${friends[0].name},${friends[1].name}`, needed: 1 }],
	['a guardian twice', 'ERR_INVALID', { guardians: `${friends[0].name} ${friends[0].name}`, needed: 1 }],
	['his own guardian', 'ERR_INVALID', { guardians: alice.name, needed: 1 }],
	['eight guardians', 'ERR_RANGE', guardians(8, 1)],
	['guardians without needed', 'ERR_RANGE', { guardians: friends[0].name }],
	['guardians, none needed', 'ERR_RANGE', guardians(2, 0)],
	['more guardians needed than there are', 'ERR_RANGE', guardians(2, 3)],
	['needed without guardians', 'ERR_RANGE', { needed: 1 }],
	['needed is text', 'ERR_INVALID', { guardians: friends[0].name, needed: '1' }],
	['needed 257', 'ERR_RANGE', guardians(1, 257)],
	['signs sometimes', 'ERR_INVALID', { signs: 'sometimes' }],
	['signs is true', 'ERR_INVALID', { signs: true }],
]) {
	refuse(`identity: ${label}`, code, identity({ body }), alice);
}
for (const [label, body] of [
	['an unknown role', { role: 'phone' }],
	['role is a number', { role: 1 }],
	['label is a number', { role: 'mail', label: 1 }],
	['label too long', { role: 'mail', label: 'x'.repeat(65) }],
	['label with a control character', { role: 'mail', label: 'a\u001b[2J' }],
	['label with DEL', { role: 'mail', label: 'a\u007f' }],
	['label with a C1 control character', { role: 'mail', label: 'a\u009b2J' }],
]) {
	refuse(`device: ${label}`, 'ERR_INVALID', device({ body }), alice);
}

for (const [file, rows] of [['valid.txt', valid], ['refused.txt', refused]]) {
	const labels = rows.map((row) => row[0]);
	const twice = labels.find((label, i) => labels.indexOf(label) !== i);
	if (twice !== undefined) {
		throw new Error(`${file}: two cases named "${twice}"`);
	}
	writeFileSync(file, rows.map((row) => row.map((field) => field.replace(/[\t\n]/g, ' ')).join('\t') + '\n').join(''));
	console.log(`${file}: ${rows.length} cases`);
}
