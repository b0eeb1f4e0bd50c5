/*
 * interop.mjs - our reconciliation against the reference: the same bytes in every message.
 *
 * usage: [SEED=N] node interop.mjs PATH-OF-HARNESS
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { endAll, exchange, Ours, Reference } from './harness.mjs';

const program = process.argv[2];
const seed = Number(process.env.SEED ?? 1);
console.log(`seed ${seed}`);
after(endAll);

/* Bytes that follow from the seed and a label; so every test can be run again on its own. */
class Random {
	constructor(label) {
		this.label = `${seed} ${label}`;
		this.count = 0;
	}

	hash() {
		return createHash('sha256').update(`${this.label} ${this.count++}`).digest();
	}

	below(n) {
		return this.hash().readUInt32BE(0) % n;
	}

	id(prefix) {
		const id = this.hash();
		id.fill(0xab, 0, prefix);
		return id.toString('hex');
	}
}

/* How much the sets have in common, how times are spread, how much of the ids is the same. */
const SETS = [
	{ name: 'equal', size: 1500, client: 0, server: 0, seconds: 5000, prefix: 0 },
	{ name: 'one in a thousand', size: 3000, client: 1, server: 1, seconds: 5000, prefix: 0 },
	{ name: 'one in ten', size: 2000, client: 100, server: 100, seconds: 5000, prefix: 0 },
	{ name: 'all in one second', size: 1500, client: 50, server: 50, seconds: 1, prefix: 0 },
	{ name: 'ids that begin alike', size: 1200, client: 50, server: 50, seconds: 3, prefix: 28 },
	{ name: 'nothing in common', size: 900, client: 500, server: 500, seconds: 900, prefix: 0 },
	{ name: 'an empty client', size: 700, client: 0, server: 1000, seconds: 900, prefix: 0 },
	{ name: 'an empty server', size: 700, client: 1000, server: 0, seconds: 900, prefix: 0 },
	{ name: 'few', size: 40, client: 200, server: 200, seconds: 10, prefix: 0 },
	{ name: 'time zero', size: 300, client: 100, server: 100, seconds: 2, prefix: 0, start: 0 },
];

const FRAMES = [
	[0, 0],
	[4096, 4096],
	[0, 5000],
	[4096, 0],
];

/* makeSets - `client` and `server` are thousandths that only one side has */
function makeSets(set, random) {
	const [client, server] = [[], []];
	for (let i = 0; i < set.size; i++) {
		const item = [(set.start ?? 1700000000) % 1000000000 + random.below(set.seconds), random.id(set.prefix)];
		const fate = random.below(1000);
		if (fate >= set.server) {
			client.push(item);
		}
		if (fate < set.server || fate >= set.server + set.client) {
			server.push(item);
		}
	}
	return [client, server];
}

for (const set of SETS) {
	for (const [clientFrame, serverFrame] of FRAMES) {
		test(`${set.name}, frames ${clientFrame} and ${serverFrame}`, async () => {
			const [client, server] = makeSets(set, new Random(set.name));
			const ourClient = () => new Ours(program, client, clientFrame);
			const ourServer = () => new Ours(program, server, serverFrame);
			const theirClient = () => new Reference(client, clientFrame);
			const theirServer = () => new Reference(server, serverFrame);
			const expected = await exchange(theirClient(), theirServer());

			assert.deepEqual(await exchange(ourClient(), theirServer()), expected);
			assert.deepEqual(await exchange(theirClient(), ourServer()), expected);
			assert.deepEqual(await exchange(ourClient(), ourServer()), expected);
		});
	}
}

/* varint - of a number that JavaScript's bit operations can hold */
function varint(n) {
	const bytes = [n & 127];
	while ((n >>>= 7) !== 0) {
		bytes.unshift((n & 127) | 128);
	}
	return bytes;
}

/*
 * makeMessage - what no honest client sends, and is well-formed: bounds anywhere, also twice the same,
 * with ids of any length; lists with ids twice; fingerprints of nothing; ranges beyond infinity.
 */
function makeMessage(random) {
	const bytes = [0x61];
	let infinite = false;
	for (let ranges = random.below(12); ranges > 0; ranges--) {
		const step = infinite || random.below(10) === 0 ? 0 : 1 + random.below(40);
		infinite ||= step === 0;
		/* Within one second the ids of bounds must not descend: only a new second takes one. */
		const length = step > 1 && !infinite ? random.below(33) : 0;
		const again = step === 1 && !infinite;
		bytes.push(...varint(again ? 2 : step), ...varint(length), ...random.hash().subarray(0, length));
		const mode = random.below(3);
		bytes.push(mode);
		if (mode === 1) {
			bytes.push(...random.hash().subarray(0, 16));
		} else if (mode === 2) {
			const id = random.hash();
			const count = random.below(4);
			bytes.push(...varint(count));
			for (let i = 0; i < count; i++) {
				bytes.push(...(random.below(2) === 0 ? id : random.hash()));
			}
		}
	}
	return Buffer.from(bytes).toString('hex');
}

test('messages that no honest client sends', async () => {
	for (const frame of [0, 4096]) {
		const random = new Random(`strange ${frame}`);
		const items = Array.from({ length: 2000 }, () => [random.below(300), random.id(0)]);
		const [ours, theirs] = [new Ours(program, items, frame), new Reference(items, frame)];
		for (let i = 0; i < 300; i++) {
			const message = makeMessage(random);
			assert.equal((await ours.reconcile(message)).msg, (await theirs.reconcile(message)).msg, message);
		}
		ours.close();
	}
});

test('messages that no honest server sends', async () => {
	const random = new Random('strange server');
	const items = Array.from({ length: 2000 }, () => [random.below(300), random.id(0)]);
	const [ours, theirs] = [new Ours(program, items, 4096), new Reference(items, 4096)];
	assert.equal(await ours.initiate(), await theirs.initiate());
	const seen = { have: new Set(), need: new Set() };
	for (let i = 0; i < 300; i++) {
		const message = makeMessage(random);
		const [a, b] = [await ours.reconcile(message), await theirs.reconcile(message)];
		assert.equal(a.msg, b.msg, message);
		for (const kind of ['have', 'need']) {
			/* Ours says each id once in the whole run. */
			const fresh = b[kind].filter((id) => !seen[kind].has(id));
			assert.deepEqual(a[kind].sort(), [...new Set(fresh)].sort(), message);
			fresh.forEach((id) => seen[kind].add(id));
		}
	}
	ours.close();
});

const ITEM = [5, 'ee'.repeat(32)];

test('another version is answered with ours', async () => {
	for (const message of ['60', '62aabbccddeeff', '6f']) {
		const [ours, theirs] = [new Ours(program, [ITEM], 0), new Reference([ITEM], 0)];
		assert.equal((await ours.reconcile(message)).msg, '61');
		assert.equal((await theirs.reconcile(message)).msg, '61');
		ours.close();
	}
});

test('what the reference refuses, we refuse with a reason', async () => {
	for (const message of ['', '50', '70', '6100', '610000', '61000001', '610000020', '61000002', '610000020105',
		'61000003', '610021', '6100002101', '61000001' + '00'.repeat(15)]) {
		const ours = new Ours(program, [ITEM], 0);
		await assert.rejects(ours.reconcile(message), /line 3: \w+/, message);
		await assert.rejects(async () => new Reference([ITEM], 0).reconcile(message), Error, message);
	}
	const twice = new Ours(program, [ITEM, ITEM], 0);
	await assert.rejects(twice.initiate(), /line 3: seal: two items are the same/);
	assert.throws(() => new Reference([ITEM, ITEM], 0), /duplicate/);
});
